import { assertEquals, assertRejects } from "@std/assert";
import { adminClient, callAdmin } from "../../../src/cli/admin/client.ts";
import { Args } from "../../../src/cli/command_line.ts";
import { AdminClientError } from "../../../src/admin/client/admin_client.ts";

const SERVER = { url: "http://a", name: "a", weight: 1, health_check_period: 10 };

type Answer = (request: Request) => Response | Promise<Response>;

/** Calls an API that gives this answer. */
async function callOn(answer: Answer, body?: unknown): Promise<unknown> {
  return await withApi(answer, (args) => callAdmin(args, "/servers", body));
}

/** Lists the servers of an API that gives this answer. */
async function listOn(answer: Answer): Promise<unknown> {
  return await withApi(answer, (args) => adminClient(args).readServers("/servers"));
}

async function withApi(answer: Answer, call: (args: Args) => Promise<unknown>): Promise<unknown> {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    answer,
  );
  const values = new Map([["api-port", String(server.addr.port)]]);
  return await call(new Args(values, new Set(), undefined));
}

Deno.test("callAdmin() gets what the balancer answers", async () => {
  assertEquals(await callOn(() => Response.json(SERVER)), SERVER);
});

Deno.test("callAdmin() posts a body as JSON", async () => {
  const requests: string[] = [];
  await callOn(async (request) => {
    const type = request.headers.get("content-type");
    requests.push(`${request.method} ${new URL(request.url).pathname} ${type}`);
    return Response.json(await request.json());
  }, SERVER);
  assertEquals(requests, ["POST /servers application/json"]);
});

/** Answers of other programs, and refusals of Ballast. */
const ANSWERS: [status: number, body: string, message: string][] = [
  [200, "<h1>Hello</h1>", "the server at this address is not Ballast"],
  [200, "", "the server at this address is not Ballast"],
  [200, "{}", "the server at this address is not Ballast"],
  [200, "null", "the server at this address is not Ballast"],
  [200, "[null]", "the server at this address is not Ballast"],
  [200, '[{"url":1,"name":"a"}]', "the server at this address is not Ballast"],
  [404, "<h1>Not found</h1>", "the server at this address is not Ballast"],
  [404, "{}", "The balancer refused: HTTP 404"],
  [500, "null", "The balancer refused: HTTP 500"],
  [500, '{"detail":1}', "The balancer refused: HTTP 500"],
  [500, '{"detail":"a\\nb\\u001b[31m"}', "The balancer refused: a\ufffdb\ufffd[31m"],
];

Deno.test("AdminClient.readServers() gets lists of servers", async () => {
  for (const answer of [[], [SERVER]]) {
    assertEquals(await listOn(() => Response.json(answer)), answer);
  }
});

Deno.test("callAdmin() and readServers() tell in one line what they cannot use", async () => {
  for (const [status, body, message] of ANSWERS) {
    for (const read of [callOn, listOn]) {
      const answer = () => new Response(body, { status });
      const error = await assertRejects(() => read(answer), AdminClientError, message);
      assertEquals(error.message.includes("\n"), false);
    }
  }
});

Deno.test("callAdmin() takes no list for a server, and readServers() no server for a list", async () => {
  for (const answer of [[], [SERVER]]) {
    const list = () => callOn(() => Response.json(answer));
    await assertRejects(list, AdminClientError, "is not Ballast");
  }
  const one = () => listOn(() => Response.json(SERVER));
  await assertRejects(one, AdminClientError, "is not Ballast");
});

Deno.test("callAdmin() follows no redirect", async () => {
  await assertRejects(
    () => callOn((request) => Response.redirect(new URL("/add", request.url), 307)),
    AdminClientError,
    "Cannot reach the admin API",
  );
});
