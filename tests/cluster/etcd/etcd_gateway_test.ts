import { assert, assertEquals, assertMatch } from "@std/assert";
import { EtcdClient } from "../../../src/cluster/etcd/etcd_client.ts";
import { type EtcdFailure, keysUnder } from "../../../src/cluster/etcd/etcd_types.ts";
import { FakeClock } from "../../testing/fake_clock.ts";
import { RawServer } from "../../testing/raw_server.ts";
import { failing } from "./failing.ts";
import { emptyAnswer, FakeGateway, noAnswer } from "./fake_gateway.ts";
import { ScriptedBody, scriptedFetch } from "./scripted_fetch.ts";
import { WatchRecorder } from "./watch_recorder.ts";

const KEYS = keysUnder("/a/");
const WRITE = { when: [], writes: [{ put: "/a/1", value: "one" }] };
const NOT_ETCD =
  /sent an invalid response \(.* (missing|base64)\): check that it is etcd's client URL/;

/** Responses of something other than etcd, and the failures of a write that they cause. */
interface HostileAnswer {
  readonly name: string;
  readonly answer: () => Response;
  readonly write: EtcdFailure;
  readonly message: RegExp;
}

function json(value: unknown, write: EtcdFailure = "unknown"): HostileAnswer {
  const text = JSON.stringify(value);
  return { name: text, answer: () => new Response(text), write, message: NOT_ETCD };
}

function endless(): Response {
  const chunk = new Uint8Array(1 << 20).fill(120);
  return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(chunk) }));
}

const HOSTILE: readonly HostileAnswer[] = [
  json(null),
  json([]),
  json(1),
  json({}),
  json({ header: [] }),
  json({ header: { revision: "x" } }),
  json({ header: { revision: "99999999999999999999" } }),
  json({ header: { revision: {} } }),
  {
    name: "a page",
    answer: () => new Response("<!doctype html><title>Hello</title>"),
    write: "unknown",
    message: /sent an invalid response \(it is not JSON\): check that it is etcd's client URL/,
  },
  {
    name: "a page that is not there",
    answer: () => new Response("404 page not found\n", { status: 404 }),
    write: "unreachable",
    message: /answered with status 404 "404 page not found": check that .*--enable-grpc-gateway/,
  },
  {
    name: "a redirect",
    answer: () => new Response(null, { status: 307, headers: { location: "/elsewhere" } }),
    write: "unreachable",
    message: /answered with status 307: check that/,
  },
  {
    name: "an error of a proxy",
    answer: () => new Response("Bad\u001b[31m Gateway", { status: 502 }),
    write: "unreachable",
    message: /answered with status 502 "Bad\ufffd\[31m Gateway": check that/,
  },
  {
    name: "an error without a message",
    answer: () => Response.json({ error: 5 }, { status: 500 }),
    write: "unreachable",
    message: /answered with an error, status 500$/,
  },
  {
    name: "an error with an empty message",
    answer: () => Response.json({ error: "" }, { status: 500 }),
    write: "unreachable",
    message: /answered with an error, status 500$/,
  },
  {
    name: "a body without an end",
    answer: endless,
    write: "unreachable",
    message: /sent an invalid response \(it exceeds 67108864 bytes\): check that/,
  },
];

for (const { name, answer, write, message } of HOSTILE) {
  Deno.test(`an endpoint that answers ${name} counts as failed`, async () => {
    await using gateway = new FakeGateway(answer);
    using etcd = new EtcdClient({ endpoints: [gateway.url] });
    for (const call of [() => etcd.grant(5), () => etcd.keepAlive("1"), () => etcd.revoke("1")]) {
      assertEquals((await failing(call()))[0], "unreachable");
    }
    const [failure, text] = await failing(etcd.range(KEYS));
    assertEquals(failure, "unreachable");
    assertMatch(text, message);
    assertEquals((await failing(etcd.transact(WRITE)))[0], write);
    await using watch = new WatchRecorder(etcd, KEYS, 1);
    assertEquals((await watch.ended)?.failure, "unreachable");
    assertEquals(gateway.paths.filter((path) => path === "/elsewhere"), []);
  });
}

const HEADER = { header: { revision: "7" } };

for (
  const kvs of [{}, [1], [{ key: 5 }], [{ key: "***" }], [{ key: "YQ==", mod_revision: "1.5" }]]
) {
  Deno.test(`range() rejects ${JSON.stringify(kvs)} as keys`, async () => {
    await using gateway = new FakeGateway(() => Response.json({ ...HEADER, kvs }));
    using etcd = new EtcdClient({ endpoints: [gateway.url] });
    const [failure, message] = await failing(etcd.range(KEYS));
    assertEquals(failure, "unreachable");
    assertMatch(message, NOT_ETCD);
  });
}

for (const text of ["hello\n", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", ""]) {
  Deno.test(`an endpoint that sends ${JSON.stringify(text)} and closes counts as failed`, async () => {
    await using server = new RawServer(async (connection) => {
      await connection.waitFor("\r\n\r\n");
      await connection.send(text);
      connection.close();
    });
    using etcd = new EtcdClient({ endpoints: [server.url] });
    const [failure, message] = await failing(etcd.range(KEYS));
    assertEquals(failure, "unreachable");
    assertMatch(message, /cannot be reached: ./);
  });
}

Deno.test("a call without effect is sent to the next endpoint, even a write", async () => {
  await using wrong = new FakeGateway(() => new Response("Not Found", { status: 404 }));
  await using right = new FakeGateway(emptyAnswer);
  using etcd = new EtcdClient({ endpoints: ["http://127.0.0.1:9", wrong.url, right.url] });
  assertEquals((await etcd.transact(WRITE)).revision, 7);
  assertEquals(wrong.paths, ["/version", "/v3/kv/txn"]);
  assertEquals(etcd.endpoint, right.url);
  // The one that responded comes first from now on, and needs no ping.
  await etcd.transact(WRITE);
  assertEquals(wrong.paths.length, 2);
  assertEquals(right.paths, ["/version", "/v3/kv/txn", "/v3/kv/txn"]);
});

Deno.test("a write whose response is lost is not sent elsewhere, a read is", async () => {
  await using losing = new FakeGateway(({ path }) => {
    return path === "/version" ? emptyAnswer() : new Response("{", { status: 200 });
  });
  await using other = new FakeGateway(emptyAnswer);
  using etcd = new EtcdClient({ endpoints: [losing.url, other.url] });
  assertEquals((await failing(etcd.transact(WRITE)))[0], "unknown");
  assertEquals(other.calls, []);
  assertEquals((await etcd.range(KEYS)).revision, 7);
});

Deno.test("a dead endpoint is detected before a write is sent to it", async () => {
  const clock = new FakeClock();
  await using dead = new FakeGateway(noAnswer);
  await using other = new FakeGateway(emptyAnswer);
  using etcd = new EtcdClient({ endpoints: [dead.url, other.url], clock });
  const write = etcd.transact(WRITE);
  await dead.asked("/version");
  await clock.advance(3000);
  assertEquals((await write).revision, 7);
  assertEquals(dead.paths, ["/version"]);
  assertEquals(clock.timers, 0);
});

Deno.test("an endpoint has 3 s for a response head", async () => {
  const clock = new FakeClock();
  await using silent = new FakeGateway(noAnswer);
  using etcd = new EtcdClient({ endpoints: [silent.url], clock });
  const call = failing(etcd.range(KEYS));
  await silent.asked("/v3/kv/range");
  await clock.advance(3000);
  assertEquals(await call, [
    "unreachable",
    `Cannot read from etcd: ${silent.url} did not answer within 3 s`,
  ]);
  assertEquals(clock.timers, 0);
});

Deno.test("an endpoint has 10 s more for the body", async () => {
  const clock = new FakeClock();
  const bodies = [new ScriptedBody(), new ScriptedBody()];
  const fetch = scriptedFetch(...bodies);
  using etcd = new EtcdClient({ endpoints: ["http://127.0.0.1:2379"], clock, fetch });
  bodies[0]!.send('{"header":');
  const slow = etcd.range(KEYS);
  await clock.advance(9999);
  bodies[0]!.send('{"revision":"7"}}');
  bodies[0]!.end();
  assertEquals((await slow).revision, 7);
  bodies[1]!.send('{"header":');
  const endless = failing(etcd.range(KEYS));
  await clock.advance(10_000);
  assertMatch((await endless)[1], /did not answer within 10 s/);
  assertEquals(clock.timers, 0);
});

Deno.test("an invalid token is rejected, and not revealed", async () => {
  await using gateway = new FakeGateway(() => Response.json({ token: "se\r\ncret" }));
  const user = { name: "root", password: "a secret" };
  using etcd = new EtcdClient({ endpoints: [gateway.url], user });
  const [failure, message] = await failing(etcd.range(KEYS));
  assertEquals(failure, "unreachable");
  assertMatch(message, /sent an invalid response \(it has no token\)/);
  assert(!message.includes("cret"));
});

Deno.test("a token that etcd always rejects is replaced once per call", async () => {
  const error = { code: 16, message: "etcdserver: invalid auth token" };
  await using gateway = new FakeGateway(({ path }) => {
    const isLogin = path === "/v3/auth/authenticate";
    return isLogin ? Response.json({ token: "t" }) : Response.json(error, { status: 401 });
  });
  using etcd = new EtcdClient({ endpoints: [gateway.url], user: { name: "root", password: "p" } });
  assertEquals((await failing(etcd.range(KEYS)))[0], "denied");
  const [login, range] = ["/v3/auth/authenticate", "/v3/kv/range"];
  assertEquals(gateway.paths, [login, range, login, range]);
  assertEquals(gateway.calls.map(({ token }) => token), [null, "t", null, "t"]);
});
