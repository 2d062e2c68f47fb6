import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { LoadBalancer } from "../../mod.ts";
import { AdminCaller, serverPath } from "../testing/admin_caller.ts";

const A = "http://127.0.0.1:3001";
const B = "http://127.0.0.1:3002/app";

function setUp(): { balancer: LoadBalancer; admin: AdminCaller } {
  const balancer = new LoadBalancer({
    servers: [
      { url: A, name: "one", weight: 2, healthCheckPeriod: 0, maxConnections: 7 },
      { url: B, name: "two", healthCheckPeriod: 0 },
    ],
  });
  return { balancer, admin: new AdminCaller(balancer) };
}

const ONE = {
  url: A,
  name: "one",
  weight: 2,
  health_check_period: 0,
  max_connections: 7,
  draining: false,
};
const STATE = { healthy: true, active: 0, ejection: null, last_check: null };

Deno.test("GET /servers/{server} finds a server by its URL in any spelling, or by its name", async () => {
  const { balancer, admin } = setUp();
  await using _ = balancer;
  const tags = new Set<string | null>();
  for (const key of [A, `${A}/`, "HTTP://127.0.0.1:3001//", "one"]) {
    const { status, headers, json } = await admin.call("GET", serverPath(key));
    assertEquals([status, json], [200, { ...ONE, ...STATE }], key);
    assertEquals(headers.get("content-location"), serverPath(A));
    tags.add(headers.get("etag"));
  }
  assertEquals([...tags].map((tag) => /^"[0-9a-f]{32}"$/.test(tag ?? "")), [true]);
});

Deno.test("GET /servers/{server} is 404 for a missing server, and 400 for an invalid URL", async () => {
  const { balancer, admin } = setUp();
  await using _ = balancer;
  for (const key of ["three", "http://127.0.0.1:3003", "ONE", "127.0.0.1:3001"]) {
    assertEquals((await admin.call("GET", serverPath(key))).status, 404, key);
  }
  for (const key of ["http://", "http://me:secret@127.0.0.1:3001", `${A}?a=b`, "https://a b"]) {
    const { status, json } = await admin.call("GET", serverPath(key));
    assertEquals([status, json.errors.length, json.errors[0].field], [400, 1, "url"], key);
  }
  const { status, json } = await admin.call("GET", "/servers/%ff");
  assertEquals(status, 400);
  assertStringIncludes(json.detail, "percent-encoded");
});

Deno.test("an ambiguous name is 409, with the URLs of its servers", async () => {
  const { balancer, admin } = setUp();
  await using _ = balancer;
  balancer.update(B, { name: "one" });
  for (const method of ["GET", "PUT", "PATCH", "DELETE"]) {
    const body = method === "PUT" || method === "PATCH" ? { body: { weight: 9 } } : {};
    const { status, json } = await admin.call(method, serverPath("one"), body);
    assertEquals([status, json.urls], [409, [A, B]]);
    assertStringIncludes(json.errors[0].detail, `${A}, ${B}`);
  }
  assertEquals(balancer.servers().map(({ weight }) => weight), [2, 1]);
});

Deno.test("a name is never taken for a URL, whether or not a server has that URL", async () => {
  const { balancer, admin } = setUp();
  await using _ = balancer;
  balancer.update(B, { name: A });
  assertEquals((await admin.call("GET", serverPath(A))).json.name, "one");
  balancer.update(B, { name: "http://127.0.0.1:3003" });
  assertEquals((await admin.call("GET", serverPath("http://127.0.0.1:3003"))).status, 404);
  // A text that only begins like a URL can only be a name.
  balancer.update(B, { name: "http://a b" });
  assertEquals((await admin.call("GET", serverPath("http://a b"))).json.url, B);
});

Deno.test("PUT /servers/{server} replaces all fields: those left out get their defaults", async () => {
  const { balancer, admin } = setUp();
  await using _ = balancer;
  const body = { health_check_period: 0, weight: 5 };
  const { status, headers, json } = await admin.call("PUT", serverPath("one"), { body });
  const after = { ...ONE, name: "127.0.0.1:3001", weight: 5, max_connections: 0 };
  assertEquals([status, json], [200, after]);
  const read = await admin.call("GET", serverPath(A));
  assertEquals(read.json, { ...after, ...STATE });
  assertEquals(headers.get("etag"), read.headers.get("etag"));
  assertEquals(balancer.servers().map(({ url }) => url), [A, B]);
});

Deno.test("PUT /servers/{server} adds a server if the path has a new URL", async () => {
  const { balancer, admin } = setUp();
  await using _ = balancer;
  const body = { url: "http://127.0.0.1:3003/", health_check_period: 0 };
  const path = serverPath("HTTP://127.0.0.1:3003/");
  const { status, headers, json } = await admin.call("PUT", path, { body });
  assertEquals([status, json.url], [201, "http://127.0.0.1:3003"]);
  const location = headers.get("location")!;
  assertEquals(location, serverPath("http://127.0.0.1:3003"));
  const read = await admin.call("GET", location);
  assertEquals([read.status, read.headers.get("etag")], [200, headers.get("etag")]);
  const named = await admin.call("PUT", serverPath("four"), { body: { health_check_period: 0 } });
  assertEquals(named.status, 404);
  assertEquals(balancer.servers().length, 3);
});

Deno.test("PUT and PATCH refuse a url other than the path's", async () => {
  const { balancer, admin } = setUp();
  await using _ = balancer;
  const before = balancer.servers();
  for (const method of ["PUT", "PATCH"]) {
    for (const key of [A, "one"]) {
      const { status, json } = await admin.call(method, serverPath(key), { body: { url: B } });
      assertEquals([status, json.errors[0].field], [400, "url"]);
      assertStringIncludes(json.detail, A);
    }
    const agreed = await admin.call(method, serverPath("two"), {
      body: { url: `${B}/`, name: "two", health_check_period: 0 },
    });
    assertEquals(agreed.status, 200);
  }
  assertEquals(balancer.servers(), before);
});

Deno.test("PATCH keeps fields that are left out, and null restores the default", async () => {
  const { balancer, admin } = setUp();
  await using _ = balancer;
  const path = serverPath(A);
  const steps: [body: object, expected: object][] = [
    [{}, ONE],
    [{ weight: 9 }, { ...ONE, weight: 9 }],
    [{ name: null, draining: true }, {
      ...ONE,
      weight: 9,
      name: "127.0.0.1:3001",
      draining: true,
    }],
    [{ weight: null, max_connections: null, draining: null, name: "uno" }, {
      ...ONE,
      weight: 1,
      name: "uno",
      max_connections: 0,
    }],
  ];
  const types = ["application/json", "application/merge-patch+json; charset=utf-8"];
  for (const [i, [body, expected]] of steps.entries()) {
    const headers = { "content-type": types[i % 2]! };
    const { status, json } = await admin.call("PATCH", path, { body, headers });
    assertEquals([status, json], [200, expected]);
  }
  await admin.call("PATCH", path, { body: { health_check_period: null } });
  assertEquals(balancer.servers()[0]!.healthCheckPeriod, 10);
});

Deno.test("PATCH lists the accepted media types if the body has another one", async () => {
  const { balancer, admin } = setUp();
  await using _ = balancer;
  const headers = { "content-type": "application/json-patch+json" };
  const { status, headers: fields } = await admin.call("PATCH", serverPath(A), {
    body: [],
    headers,
  });
  assertEquals(status, 415);
  assertEquals(fields.get("accept-patch"), "application/json, application/merge-patch+json");
});

Deno.test("DELETE /servers/{server} deletes it and returns it as it was", async () => {
  const { balancer, admin } = setUp();
  await using _ = balancer;
  const { status, json } = await admin.call("DELETE", `${serverPath("one")}?drain=0.5`);
  assertEquals([status, json], [200, ONE]);
  assertEquals(balancer.servers().map(({ url }) => url), [B]);
  assertEquals((await admin.call("DELETE", serverPath(A))).status, 404);
});

Deno.test("the routes of a server refuse unknown parameters by name", async () => {
  const { balancer, admin } = setUp();
  await using _ = balancer;
  const before = balancer.servers();
  const cases: [method: string, query: string, fields: string[]][] = [
    ["GET", "?verbose", ["verbose"]],
    ["GET", "?dry_run=true", ["dry_run"]],
    ["PUT", "?dryrun=true&drain=1", ["dryrun", "drain"]],
    ["PATCH", "?dry_run=1", ["dry_run"]],
    ["PATCH", "?dry_run=", ["dry_run"]],
    ["DELETE", "?dry_run=True", ["dry_run"]],
    ["DELETE", "?dry_run=false&dry_run=true", ["dry_run"]],
    ["DELETE", "?drain=-1", ["drain"]],
    ["DELETE", "?drain=1e3", ["drain"]],
    ["DELETE", "?drain=86401", ["drain"]],
    ["DELETE", "?drain=", ["drain"]],
    ["DELETE", "?__proto__=1", ["__proto__"]],
    ["DELETE", "?=1", ['""']],
  ];
  for (const [method, query, fields] of cases) {
    const body = method === "PUT" || method === "PATCH" ? { body: { weight: 9 } } : {};
    const { status, json } = await admin.call(method, serverPath(A) + query, body);
    assertEquals(status, 400, query);
    assertEquals(json.errors.map(({ field }: { field: string }) => field), fields);
  }
  for (const path of ["/add", "/update", "/delete"]) {
    const { status } = await admin.call("POST", `${path}?drain=1`, { body: { url: A } });
    assertEquals(status, 400);
  }
  assertEquals(balancer.servers(), before);
});

Deno.test("the paths of servers answer 405 with the allowed methods", async () => {
  const { balancer, admin } = setUp();
  await using _ = balancer;
  const { status, headers } = await admin.call("POST", serverPath(A));
  assertEquals([status, headers.get("allow")], [405, "GET, HEAD, PUT, PATCH, DELETE"]);
  const check = await admin.call("GET", `${serverPath(A)}/check`);
  assertEquals([check.status, check.headers.get("allow")], [405, "POST"]);
  assert((await admin.call("GET", `${serverPath(A)}/nothing`)).status === 404);
});
