import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Admin, createAdmin } from "../../src/admin/handler.ts";
import { LoadBalancer } from "../../src/balancer/load_balancer.ts";

const URL_A = "http://127.0.0.1:3001";
const JSON_TYPE = { "content-type": "application/json" };

interface ProblemJson {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly { readonly field: string; readonly detail: string }[];
}

function makeBalancer(): LoadBalancer {
  return new LoadBalancer({ servers: [{ url: URL_A, name: "one", healthCheckPeriod: 0 }] });
}

function send(admin: Admin, path: string, init: RequestInit = {}): Promise<Response> {
  return admin.fetch(new Request(`http://localhost${path}`, { method: "POST", ...init }));
}

function sendJson(admin: Admin, path: string, value: unknown): Promise<Response> {
  return send(admin, path, { headers: JSON_TYPE, body: JSON.stringify(value) });
}

/** Reads a response that must be a problem (RFC 9457). */
async function problemOf(response: Response): Promise<ProblemJson> {
  assertEquals(response.headers.get("content-type"), "application/problem+json");
  assertEquals(response.headers.get("cache-control"), "no-store");
  const problem = await response.json() as ProblemJson;
  assertEquals(problem.status, response.status);
  assertEquals(problem.type, "about:blank");
  return problem;
}

Deno.test("createAdmin() answers 404 for an unknown path, and lists the known ones", async () => {
  await using balancer = makeBalancer();
  const admin = createAdmin(balancer);
  for (const path of ["/", "/add/", "/ADD", "//add", "/constructor", "/__proto__", "/servers/"]) {
    const problem = await problemOf(await send(admin, path));
    assertEquals([problem.status, problem.title], [404, "Not Found"], path);
    assertStringIncludes(problem.detail, "/add, /update, /delete, /servers, /healthz");
  }
});

Deno.test("createAdmin() answers 405 with Allow for another method", async () => {
  await using balancer = makeBalancer();
  const admin = createAdmin(balancer);
  const allowed = {
    "/add": "POST",
    "/update": "POST",
    "/delete": "POST",
    "/servers": "GET, HEAD",
    "/healthz": "GET, HEAD",
  };
  for (const [path, allow] of Object.entries(allowed)) {
    for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "constructor"]) {
      if (allow.includes(method)) continue;
      const response = await send(admin, path, { method });
      assertEquals(response.headers.get("allow"), allow, `${method} ${path}`);
      assertEquals((await problemOf(response)).status, 405);
    }
  }
});

Deno.test("POST /add answers 409 for an existing URL, in any spelling", async () => {
  await using balancer = makeBalancer();
  for (const url of [URL_A, "HTTP://127.0.0.1:3001/"]) {
    const problem = await problemOf(await sendJson(createAdmin(balancer), "/add", { url }));
    assertEquals(problem.status, 409);
    assertEquals(problem.errors, [{ field: "url", detail: problem.detail }]);
    assertStringIncludes(problem.detail, "update it instead");
  }
  assertEquals(balancer.servers().length, 1);
});

Deno.test("POST /update and /delete answer 404 for a missing server", async () => {
  await using balancer = makeBalancer();
  for (const path of ["/update", "/delete"]) {
    const url = "http://127.0.0.1:3009";
    const problem = await problemOf(await sendJson(createAdmin(balancer), path, { url }));
    assertEquals(problem.status, 404);
    assertEquals(problem.errors, [
      { field: "url", detail: "There is no server with the URL http://127.0.0.1:3009" },
    ]);
  }
});

Deno.test("POST /add answers 400 with every fault, by field", async () => {
  await using balancer = makeBalancer();
  const body = { url: "nope", name: "", weight: -1, health_check_period: 0.5, wieght: 1 };
  const problem = await problemOf(await sendJson(createAdmin(balancer), "/add", body));
  assertEquals([problem.status, problem.title], [400, "Bad Request"]);
  const fields = problem.errors?.map(({ field }) => field).sort();
  assertEquals(fields, ["health_check_period", "name", "url", "weight", "wieght"]);
});

Deno.test("POST /update changes nothing if one of several fields is invalid", async () => {
  await using balancer = makeBalancer();
  const before = balancer.servers();
  const body = { url: URL_A, name: "uno", weight: 2 ** 32 };
  assertEquals(
    (await problemOf(await sendJson(createAdmin(balancer), "/update", body))).status,
    400,
  );
  assertEquals(balancer.servers(), before);
});

Deno.test("POST /add answers 413 above 64 KiB, and accepts 64 KiB", async () => {
  await using balancer = makeBalancer();
  const admin = createAdmin(balancer);
  const body = JSON.stringify({ url: URL_A }).padEnd(65_536);
  assertEquals((await send(admin, "/update", { headers: JSON_TYPE, body })).status, 200);
  const response = await send(admin, "/update", { headers: JSON_TYPE, body: `${body} ` });
  const problem = await problemOf(response);
  assertEquals([problem.status, problem.title], [413, "Content Too Large"]);
  assertEquals(problem.errors, [
    { field: "body", detail: "must not be larger than 65536 bytes" },
  ]);
});

Deno.test("POST /add stops reading an endless body", async () => {
  await using balancer = makeBalancer();
  let cancelled = false;
  const body = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(16_384)),
    cancel: () => {
      cancelled = true;
    },
  });
  const response = await send(createAdmin(balancer), "/add", { headers: JSON_TYPE, body });
  assertEquals((await problemOf(response)).status, 413);
  assert(cancelled, "the rest was called off");
});

Deno.test("POST /add answers 400 for a body that ends early", async () => {
  await using balancer = makeBalancer();
  const body = new ReadableStream({
    pull: (controller) => controller.error(new TypeError("connection reset")),
  });
  const response = await send(createAdmin(balancer), "/add", { headers: JSON_TYPE, body });
  const problem = await problemOf(response);
  assertEquals(problem.status, 400);
  assertEquals(problem.errors, [{ field: "body", detail: "broke off before its end" }]);
});

Deno.test("createAdmin() answers 415 with Accept for a body of another type", async () => {
  await using balancer = makeBalancer();
  const accepted = {
    "/add": "application/json",
    "/update": "application/json",
    "/delete": "application/json, text/plain",
  };
  for (const [path, accept] of Object.entries(accepted)) {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const response = await send(createAdmin(balancer), path, { headers, body: `url=${URL_A}` });
    assertEquals(response.headers.get("accept"), accept);
    const problem = await problemOf(response);
    assertEquals([problem.status, problem.errors?.[0]?.field], [415, "content-type"]);
  }
});

Deno.test("createAdmin() answers 503 for a change after the balancer was closed", async () => {
  const balancer = makeBalancer();
  await balancer.close();
  const response = await sendJson(createAdmin(balancer), "/add", { url: "http://a" });
  assertEquals((await problemOf(response)).status, 503);
});

Deno.test("createAdmin() answers 500 for a defect, and keeps the details in the log", async () => {
  function fail(): never {
    throw new Error("secret");
  }
  await using balancer = Object.assign(new LoadBalancer(), { servers: fail });
  const response = await send(createAdmin(balancer), "/servers", { method: "GET" });
  const problem = await problemOf(response);
  assertEquals(problem.status, 500);
  assertEquals(problem.detail, "Ballast failed; see its log");
});
