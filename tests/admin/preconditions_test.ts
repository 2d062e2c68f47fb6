import { assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { LoadBalancer } from "../../mod.ts";
import { entityTag, readTagCondition } from "../../src/admin/entity_tag.ts";
import { completeServer } from "../../src/model/server.ts";
import { type AdminAnswer, AdminCaller, serverPath } from "../testing/admin_caller.ts";

const A = "http://127.0.0.1:3001";
const PATH = serverPath(A);
const OTHER = '"other"';

function setUp(): { balancer: LoadBalancer; admin: AdminCaller } {
  const balancer = new LoadBalancer({
    servers: [{ url: A, name: "one", weight: 2, healthCheckPeriod: 0 }],
  });
  return { balancer, admin: new AdminCaller(balancer) };
}

async function tagOf(admin: AdminCaller): Promise<string> {
  return (await admin.call("GET", PATH)).headers.get("etag")!;
}

Deno.test("entityTag() depends on every configured field, and on nothing else", () => {
  const server = completeServer({ url: A });
  const others = [
    { url: `${A}/app` },
    { url: A, name: "\u4e16" },
    { url: A, weight: 2 },
    { url: A, healthCheckPeriod: 1 },
    { url: A, maxConnections: 1 },
    { url: A, draining: true },
  ].map(completeServer);
  assertEquals(new Set([server, ...others].map(entityTag)).size, 7);
  const status = { ...server, healthy: false, active: 3 };
  assertEquals(entityTag(status), entityTag(server));
  // It is the same after a restart and on another balancer: 128-bit FNV-1a of the JSON.
  assertEquals(entityTag(completeServer({ url: "HTTP://127.0.0.1:3001/" })), entityTag(server));
});

Deno.test("readTagCondition() accepts what RFC 9110 allows, and nothing else", () => {
  function read(value: string): unknown {
    return readTagCondition(new Headers({ "if-match": value }), "if-match");
  }
  const allowed: [string, unknown][] = [
    ["*", "*"],
    [" * ", "*"],
    ['"a"', ['"a"']],
    ['""', ['""']],
    ['W/"a"', ['W/"a"']],
    ['"a","b"', ['"a"', '"b"']],
    [' "a" ,\t"b,c" ', ['"a"', '"b,c"']],
    [',, "a",,W/"b",', ['"a"', 'W/"b"']],
    ['"\u00e4"', ['"\u00e4"']],
    ['"a\\"', ['"a\\"']],
  ];
  for (const [value, expected] of allowed) assertEquals(read(value), expected, value);
  const malformed = ["", ",", "a", '"a', 'a"', 'w/"a"', 'W/ "a"', "'a'", '"a" "b"', '"a"b'];
  const more = ["*, *", '*, "a"', '"a", *', "**", '"a b"', '"a";', '"b, c"', "W/*", '"a",b'];
  for (const value of [...malformed, ...more]) {
    let status = 0;
    try {
      read(value);
    } catch (error) {
      status = (error as { status: number }).status;
    }
    assertEquals(status, 400, JSON.stringify(value));
  }
  assertEquals(readTagCondition(new Headers(), "if-none-match"), undefined);
});

type Change = [method: string, path: string, body: unknown];

function send(
  admin: AdminCaller,
  [method, path, body]: Change,
  headers: Record<string, string>,
): Promise<AdminAnswer> {
  return admin.call(method, path, body === undefined ? { headers } : { body, headers });
}

/** Each change with its request. */
const CHANGES: Change[] = [
  ["PUT", PATH, { health_check_period: 0 }],
  ["PATCH", PATH, { weight: 9 }],
  ["DELETE", PATH, undefined],
  ["POST", `${PATH}/drain`, undefined],
];

for (const change of CHANGES) {
  const [method, path] = change;
  const name = `${method} ${
    path.endsWith("drain") ? "/servers/{server}/drain" : "/servers/{server}"
  }`;

  Deno.test(`${name} is carried out if If-Match has the tag`, async () => {
    for (const around of [(tag: string) => tag, (tag: string) => `${OTHER}, ${tag}`, () => "*"]) {
      const { balancer, admin } = setUp();
      await using _ = balancer;
      const tag = await tagOf(admin);
      const answer = await send(admin, change, { "if-match": around(tag) });
      assertEquals(answer.status, 200);
      if (method === "DELETE") continue;
      assertEquals(answer.headers.get("etag"), await tagOf(admin));
      assertNotEquals(answer.headers.get("etag"), tag);
    }
  });

  Deno.test(`${name} is 412 with the server and its tag if the condition does not hold`, async () => {
    const { balancer, admin } = setUp();
    await using _ = balancer;
    const before = balancer.servers();
    const tag = await tagOf(admin);
    const conditions: Record<string, string>[] = [
      { "if-match": OTHER },
      { "if-match": `W/${tag}` },
      { "if-none-match": "*" },
      { "if-none-match": `${OTHER}, W/${tag}` },
      { "if-match": tag, "if-none-match": tag },
    ];
    for (const headers of conditions) {
      const answer = await send(admin, change, headers);
      assertEquals(answer.status, 412, JSON.stringify(headers));
      assertEquals([answer.headers.get("etag"), answer.json.etag], [tag, tag]);
      assertEquals([answer.json.server.url, answer.json.server.weight], [A, 2]);
      assertEquals(answer.json.errors.length, 1);
    }
    assertEquals((await send(admin, change, { "if-match": "nonsense" })).status, 400);
    assertEquals(balancer.servers(), before);
  });

  Deno.test(`${name} ignores conditions with dates`, async () => {
    const { balancer, admin } = setUp();
    await using _ = balancer;
    const headers = { "if-unmodified-since": "Thu, 01 Jan 1970 00:00:00 GMT" };
    assertEquals((await send(admin, change, headers)).status, 200);
  });
}

Deno.test("PUT with If-None-Match: * only adds, with If-Match only replaces", async () => {
  const { balancer, admin } = setUp();
  await using _ = balancer;
  const path = serverPath("http://127.0.0.1:3003");
  const body = { health_check_period: 0 };
  const missing = await admin.call("PUT", path, { body, headers: { "if-match": "*" } });
  assertEquals([missing.status, missing.json.server, missing.json.etag], [412, null, null]);
  const statuses = await Promise.all([1, 2, 3].map(async (weight) => {
    const headers = { "if-none-match": "*" };
    return (await admin.call("PUT", path, { body: { ...body, weight }, headers })).status;
  }));
  assertEquals(statuses.sort(), [201, 412, 412]);
});

Deno.test("a missing server is 404, whatever the condition (RFC 9110 §13.2.1)", async () => {
  const { balancer, admin } = setUp();
  await using _ = balancer;
  for (const [method, path, body] of CHANGES) {
    if (method === "PUT") continue;
    const other = path.replace("3001", "3009");
    const headers = { "if-match": OTHER };
    const init = body === undefined ? { headers } : { body, headers };
    assertEquals((await admin.call(method, other, init)).status, 404, method);
  }
});

Deno.test("the media type is checked first, then conditions, then the content", async () => {
  const { balancer, admin } = setUp();
  await using _ = balancer;
  const headers = { "if-match": OTHER };
  for (const method of ["PUT", "PATCH"]) {
    const body = { weight: -1 };
    assertEquals((await admin.call(method, PATH, { body, headers })).status, 412);
    const typed = { ...headers, "content-type": "text/html" };
    assertEquals((await admin.call(method, PATH, { body, headers: typed })).status, 415);
  }
});

Deno.test("GET is 304 while the configuration is the same, even if the health is not", async () => {
  const { balancer, admin } = setUp();
  await using _ = balancer;
  const tag = await tagOf(admin);
  for (const condition of [tag, `W/${tag}`, `${OTHER}, ${tag}`, "*"]) {
    const headers = { "if-none-match": condition };
    const answer = await admin.call("GET", PATH, { headers });
    assertEquals([answer.status, answer.json], [304, undefined], condition);
    assertEquals(answer.headers.get("etag"), tag);
  }
  balancer.update(A, { weight: 3 });
  const changed = await admin.call("GET", PATH, { headers: { "if-none-match": tag } });
  assertEquals([changed.status, changed.json.weight], [200, 3]);
  const match = await admin.call("GET", PATH, { headers: { "if-match": tag } });
  assertEquals(match.status, 412);
  assertStringIncludes(match.json.detail, "if-match");
});
