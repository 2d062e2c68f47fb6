import { assertEquals, assertRejects } from "@std/assert";
import { callAdmin } from "../../../src/cli/admin/client.ts";
import { Args } from "../../../src/cli/command_line.ts";
import { AdminClientError } from "../../../src/admin/client/admin_client.ts";

const SERVER = { url: "http://a", name: "a", weight: 1, health_check_period: 10 };

/** Calls an API that gives this answer. */
async function callOn(
  answer: (request: Request) => Response | Promise<Response>,
  body?: unknown,
): Promise<unknown> {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    answer,
  );
  const values = new Map([["api-port", String(server.addr.port)]]);
  return await callAdmin(new Args(values, new Set(), undefined), "/servers", body);
}

Deno.test("callAdmin() gets what the balancer answers", async () => {
  for (const answer of [[], [SERVER], SERVER]) {
    assertEquals(await callOn(() => Response.json(answer)), answer);
  }
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

Deno.test("callAdmin() tells in one line what it cannot use", async () => {
  for (const [status, body, message] of ANSWERS) {
    const error = await assertRejects(
      () => callOn(() => new Response(body, { status })),
      AdminClientError,
      message,
    );
    assertEquals(error.message.includes("\n"), false);
  }
});

Deno.test("callAdmin() follows no redirect", async () => {
  await assertRejects(
    () => callOn((request) => Response.redirect(new URL("/add", request.url), 307)),
    AdminClientError,
    "Cannot reach the admin API",
  );
});
