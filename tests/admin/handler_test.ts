import { assertEquals } from "@std/assert";
import { type Admin, createAdmin } from "../../src/admin/handler.ts";
import { LoadBalancer } from "../../src/balancer/load_balancer.ts";
import { settle as runPromises } from "../testing/fake_clock.ts";

const URL_A = "http://127.0.0.1:3001";
const URL_B = "http://127.0.0.1:3002";
const JSON_TYPE = "application/json";

const SERVER_A = {
  url: URL_A,
  name: "one",
  weight: 2,
  health_check_period: 0,
  max_connections: 0,
  draining: false,
};

/** Balancer of one server without health checks. */
function makeBalancer(): LoadBalancer {
  return new LoadBalancer({
    servers: [{ url: URL_A, name: "one", weight: 2, healthCheckPeriod: 0 }],
  });
}

function post(admin: Admin, path: string, body: string, type?: string): Promise<Response> {
  const headers: HeadersInit = type === undefined ? {} : { "content-type": type };
  // Bytes: with text, the platform would add a content type.
  const bytes = new TextEncoder().encode(body);
  return admin.fetch(
    new Request(`http://localhost${path}`, { method: "POST", headers, body: bytes }),
  );
}

function postJson(admin: Admin, path: string, body: unknown): Promise<Response> {
  return post(admin, path, JSON.stringify(body), JSON_TYPE);
}

function get(admin: Admin, path: string, method = "GET"): Promise<Response> {
  return admin.fetch(new Request(`http://localhost${path}`, { method }));
}

async function assertAnswer(response: Response, body: unknown): Promise<void> {
  assertEquals(response.headers.get("content-type"), JSON_TYPE);
  assertEquals(response.headers.get("cache-control"), "no-store");
  assertEquals(await response.json(), body);
  assertEquals(response.status, 200);
}

Deno.test("POST /add adds a server and answers with it", async () => {
  await using balancer = makeBalancer();
  const server = {
    url: URL_B,
    name: "two",
    weight: 0,
    health_check_period: 0,
    max_connections: 0,
    draining: false,
  };
  await assertAnswer(await postJson(createAdmin(balancer), "/add", server), server);
  assertEquals(balancer.servers().map(({ url }) => url), [URL_A, URL_B]);
});

Deno.test("POST /add brings the URL to its canonical form and fills in the defaults", async () => {
  await using balancer = makeBalancer();
  const body = { url: "HTTP://Example.com:80/app/", health_check_period: 0 };
  await assertAnswer(await postJson(createAdmin(balancer), "/add", body), {
    url: "http://example.com/app",
    name: "example.com",
    weight: 1,
    health_check_period: 0,
    max_connections: 0,
    draining: false,
  });
});

Deno.test("POST /add accepts the largest uint32 and a content type with charset=utf-8", async () => {
  await using balancer = makeBalancer();
  const admin = createAdmin(balancer);
  const types = ["application/json; charset=utf-8", 'APPLICATION/JSON;charset="UTF-8"'];
  for (const [index, type] of types.entries()) {
    const server = {
      url: `http://a${index}`,
      name: "n".repeat(255),
      weight: 4294967295,
      health_check_period: 0,
      max_connections: 0,
      draining: false,
    };
    await assertAnswer(await post(admin, "/add", JSON.stringify(server), type), server);
  }
});

Deno.test("POST /update changes every field and answers with the server", async () => {
  await using balancer = makeBalancer();
  const server = {
    url: URL_A,
    name: "uno",
    weight: 9,
    health_check_period: 0,
    max_connections: 0,
    draining: false,
  };
  await assertAnswer(await postJson(createAdmin(balancer), "/update", server), server);
  assertEquals(balancer.servers()[0]?.weight, 9);
});

Deno.test("POST /update keeps fields that the body leaves out", async () => {
  await using balancer = makeBalancer();
  const admin = createAdmin(balancer);
  await assertAnswer(await postJson(admin, "/update", { url: URL_A }), SERVER_A);
  const changes = [{ name: "uno" }, { weight: 0 }, { health_check_period: 0 }];
  let server = SERVER_A;
  for (const change of changes) {
    server = { ...server, ...change };
    await assertAnswer(await postJson(admin, "/update", { url: URL_A, ...change }), server);
  }
});

Deno.test("POST /update accepts any spelling of the URL and keeps the server's URL", async () => {
  await using balancer = makeBalancer();
  const response = await postJson(createAdmin(balancer), "/update", { url: `${URL_A}/` });
  await assertAnswer(response, SERVER_A);
});

Deno.test("POST /delete accepts the URL as text, as JSON string or in an object", async () => {
  const bodies: [string, string | undefined][] = [
    [URL_A, "text/plain"],
    [URL_A, "text/plain;charset=UTF-8"],
    [`  ${URL_A}/\r\n`, "text/plain"],
    [URL_A, undefined],
    [JSON.stringify(URL_A), JSON_TYPE],
    [JSON.stringify({ url: URL_A }), JSON_TYPE],
    [JSON.stringify({ url: "HTTP://127.0.0.1:3001/" }), JSON_TYPE],
  ];
  for (const [body, type] of bodies) {
    await using balancer = makeBalancer();
    await assertAnswer(await post(createAdmin(balancer), "/delete", body, type), SERVER_A);
    assertEquals(balancer.servers(), []);
  }
});

Deno.test("GET /servers lists the servers and their state, in their order", async () => {
  await using balancer = makeBalancer();
  balancer.add({ url: URL_B, healthCheckPeriod: 0 });
  const state = { healthy: true, active: 0, ejection: null, last_check: null };
  await assertAnswer(await get(createAdmin(balancer), "/servers"), [
    { ...SERVER_A, ...state },
    {
      url: URL_B,
      name: "127.0.0.1:3002",
      weight: 1,
      health_check_period: 0,
      max_connections: 0,
      draining: false,
      ...state,
    },
  ]);
});

Deno.test("GET /servers has the latest health check", async () => {
  await using balancer = Object.assign(makeBalancer(), {
    servers: () => [{
      url: URL_A,
      name: "one",
      weight: 2,
      healthCheckPeriod: 10,
      maxConnections: 0,
      draining: false,
      ejection: undefined,
      healthy: false,
      active: 3,
      lastCheck: {
        at: new Date(Date.UTC(2026, 0, 2, 3, 4, 5)),
        passed: false,
        detail: "HTTP 500",
        duration: 1.26,
      },
    }],
  });
  const answer = await (await get(createAdmin(balancer), "/servers")).json();
  assertEquals(answer[0].healthy, false);
  assertEquals(answer[0].active, 3);
  assertEquals(answer[0].last_check, {
    at: "2026-01-02T03:04:05.000Z",
    passed: false,
    detail: "HTTP 500",
    duration_ms: 1.3,
  });
});

Deno.test("GET /healthz counts the servers, even if there are none", async () => {
  await using balancer = makeBalancer();
  const admin = createAdmin(balancer);
  await assertAnswer(await get(admin, "/healthz"), { status: "ok", servers: 1, healthy: 1 });
  balancer.remove(URL_A);
  await assertAnswer(await get(admin, "/healthz"), { status: "ok", servers: 0, healthy: 0 });
  await assertAnswer(await get(admin, "/servers"), []);
});

Deno.test("HEAD is answered wherever GET is", async () => {
  await using balancer = makeBalancer();
  for (const path of ["/servers", "/healthz"]) {
    const response = await get(createAdmin(balancer), path, "HEAD");
    await response.body?.cancel();
    assertEquals(response.status, 200);
  }
});

Deno.test("GET /healthz ignores the query", async () => {
  await using balancer = makeBalancer();
  const response = await get(createAdmin(balancer), "/healthz?verbose");
  await assertAnswer(response, { status: "ok", servers: 1, healthy: 1 });
});

Deno.test("POST /add and /delete wait until the change holds on every thread, and nothing else waits", async () => {
  await using balancer = makeBalancer();
  const { promise: settled, resolve: settle } = Promise.withResolvers<void>();
  const admin = createAdmin(Object.assign(balancer, { settled: () => settled }));
  let answered = 0;
  const changes = [postJson(admin, "/add", { url: URL_B }), postJson(admin, "/delete", URL_A)]
    .map((response) =>
      response.then(({ status }) => {
        answered++;
        return status;
      })
    );
  // A thread that hangs must not block the routes that would show it.
  const seen: number[] = [];
  for (const path of ["/healthz", "/servers"]) {
    get(admin, path).then(({ status }) => seen.push(status));
  }
  await runPromises();
  assertEquals([seen, answered], [[200, 200], 0]);
  settle();
  assertEquals(await Promise.all(changes), [200, 200]);
});
