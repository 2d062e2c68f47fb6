import { assert, assertEquals, assertMatch } from "@std/assert";
import { EtcdClient } from "../../../src/cluster/etcd/etcd_client.ts";
import { keysUnder } from "../../../src/cluster/etcd/etcd_types.ts";
import { FakeClock } from "../../testing/fake_clock.ts";
import { emptyAnswer, FakeGateway, noAnswer } from "./fake_gateway.ts";
import { ScriptedBody, scriptedFetch } from "./scripted_fetch.ts";
import { WatchRecorder } from "./watch_recorder.ts";
import { until } from "../../testing/until.ts";

const KEYS = keysUnder("/a/");
const ENDPOINT = "http://127.0.0.1:2379";
const CREATED = '{"result":{"header":{"revision":"1"},"created":true}}\n';

/** A message with one change per value, all at one revision. */
function changesMessage(revision: number, ...values: string[]): string {
  const events = values.map((value, index) => {
    const key = new TextEncoder().encode(`/a/${index}`).toBase64();
    const encoded = new TextEncoder().encode(value).toBase64();
    return { kv: { key, value: encoded, mod_revision: String(revision) } };
  });
  return JSON.stringify({ result: { header: { revision: "99" }, events } }) + "\n";
}

/** A clock on which a test can wait for a number of timers with a certain duration. */
class WatchedClock extends FakeClock {
  readonly #set: number[] = [];

  override after(milliseconds: number, callback: () => void): () => void {
    this.#set.push(milliseconds);
    return super.after(milliseconds, callback);
  }

  async hasSet(milliseconds: number, times: number): Promise<void> {
    await until(
      `timer ${times} of ${milliseconds} ms`,
      () => this.#set.filter((set) => set === milliseconds).length >= times,
    );
  }
}

function watching(clock = new FakeClock()): { body: ScriptedBody; watch: WatchRecorder } {
  const body = new ScriptedBody();
  const etcd = new EtcdClient({ endpoints: [ENDPOINT], fetch: scriptedFetch(body), clock });
  return { body, watch: new WatchRecorder(etcd, KEYS, 1) };
}

Deno.test("watch() reads messages regardless of chunk boundaries", async () => {
  const { body, watch } = watching();
  await using _ = watch;
  const text = CREATED + changesMessage(2, "é☃", "x") + "\n" + changesMessage(3, "🦊") +
    changesMessage(4, "y");
  for (const byte of new TextEncoder().encode(text)) body.send(Uint8Array.of(byte));
  assertEquals(await watch.waitFor(4), ["/a/0=é☃", "/a/1=x", "/a/0=🦊", "/a/0=y"]);
  // One chunk with everything is equivalent.
  body.send(changesMessage(5, "a") + changesMessage(6, "b", "c"));
  await watch.waitFor(7);
  assertEquals(watch.calls.map(({ revision }) => revision), [2, 3, 4, 5, 6]);
});

Deno.test("watch() reports no message before it is complete", async () => {
  const clock = new FakeClock();
  const { body, watch } = watching(clock);
  await using _ = watch;
  const message = changesMessage(2, "one", "two");
  body.send(CREATED + message.slice(0, -10));
  await watch.started;
  await clock.advance(100);
  assertEquals(watch.changes, []);
  body.send(message.slice(-10));
  assertEquals(await watch.waitFor(2), ["/a/0=one", "/a/1=two"]);
});

Deno.test("watch() fails with unreachable if its connection ends within a message", async () => {
  const { body, watch } = watching();
  body.send(CREATED + changesMessage(2, "one") + changesMessage(3, "two").slice(0, 30));
  body.end();
  assertEquals((await watch.ended)?.failure, "unreachable");
  assertEquals(watch.changes, ["/a/0=one"]);
});

Deno.test("watch() fails with unreachable if its connection ends between messages", async () => {
  const { body, watch } = watching();
  body.send(CREATED);
  await watch.started;
  body.end();
  const error = await watch.ended;
  assertEquals(error?.failure, "unreachable");
  assertEquals(error!.message, `Cannot watch etcd: ${ENDPOINT} ended the watch`);
});

Deno.test("watch() reads characters that are split across chunks", async () => {
  const { body, watch } = watching();
  const message = JSON.stringify({ result: { canceled: true, cancel_reason: "à bientôt" } });
  for (const byte of new TextEncoder().encode(`${CREATED}${message}\n`)) {
    body.send(Uint8Array.of(byte));
  }
  assertMatch((await watch.ended)!.message, /says "à bientôt"/);
});

Deno.test("watch() fails with unreachable if a message is too large", async () => {
  const { body, watch } = watching();
  body.send(CREATED);
  for (let chunk = 0; chunk < 65; chunk++) body.send("x".repeat(1 << 20));
  const error = await watch.ended;
  assertEquals(error?.failure, "unreachable");
  assertMatch(
    error!.message,
    /sent an invalid response \(a message exceeds 67108864 bytes\): check that/,
  );
});

Deno.test("watch() closes its connection when it ends", async () => {
  const { body, watch } = watching();
  body.send(CREATED);
  await watch.started;
  assertEquals(await watch.stop(), undefined);
  await body.given;
});

/** Messages with which versions of etcd end a watch. */
const ENDINGS: readonly [message: unknown, failure: string, text: RegExp][] = [
  [
    { result: { canceled: true, compact_revision: "5" } },
    "compacted",
    /has compacted the revisions before 5/,
  ],
  [
    { result: { canceled: true, cancel_reason: "etcdserver: permission denied" } },
    "denied",
    /permission denied/,
  ],
  [{ result: { canceled: true } }, "unreachable", / ended the watch/],
  [
    { result: { canceled: true, cancel_reason: "etcdserver: watch canceled" } },
    "unreachable",
    /watch canceled/,
  ],
  [
    { error: { grpc_code: 14, http_code: 503, message: "etcdserver: no leader" } },
    "unreachable",
    /no leader/,
  ],
  [{ error: { code: 14, message: "etcdserver: no leader" } }, "unreachable", /no leader/],
  [{ result: 5 }, "unreachable", /an object is missing\): check that/],
  [
    { result: { events: [{ type: "RENAME", kv: {} }] } },
    "unreachable",
    /an event has an unknown type/,
  ],
  [{ result: { events: [{ kv: [] }] } }, "unreachable", /an object is missing/],
  [{ result: { events: "none" } }, "unreachable", /a list is missing/],
];

for (const [message, failure, text] of ENDINGS) {
  Deno.test(`watch() fails with ${failure} after ${JSON.stringify(message)}`, async () => {
    const { body, watch } = watching();
    body.send(CREATED + changesMessage(2, "one"));
    await watch.waitFor(1);
    body.send(JSON.stringify(message) + "\n");
    const error = await watch.ended;
    assertEquals(error?.failure, failure);
    assertMatch(error!.message, text);
    assertEquals(watch.changes, ["/a/0=one"]);
  });
}

Deno.test("watch() reads fields that etcd 3.6 writes and etcd 3.4 omits", async () => {
  const { body, watch } = watching();
  await using _ = watch;
  body.send(CREATED);
  const kv = { key: "L2EvMQ==", value: null, mod_revision: "2", create_revision: "2", lease: "0" };
  const result = {
    header: { cluster_id: "1", revision: "2" },
    watch_id: "0",
    created: false,
    canceled: false,
    compact_revision: "0",
    cancel_reason: "",
    fragment: false,
    events: [{ type: "PUT", kv, prev_kv: null }, { type: "DELETE", kv }],
  };
  body.send(JSON.stringify({ result }) + "\n");
  assertEquals(await watch.waitFor(2), ["/a/1=", "/a/1 deleted"]);
});

Deno.test("watch() checks its endpoint after 2 s of silence, and ends if it does not respond", async () => {
  const clock = new WatchedClock();
  let isWell = true;
  const body = new ScriptedBody();
  await using gateway = new FakeGateway(({ path }) => {
    if (path === "/v3/watch") return new Response(body.stream);
    return isWell ? emptyAnswer() : noAnswer();
  });
  await using other = new FakeGateway(emptyAnswer);
  using etcd = new EtcdClient({ endpoints: [gateway.url, other.url], clock });
  await using watch = new WatchRecorder(etcd, KEYS, 1);
  body.send(CREATED);
  await watch.started;
  await clock.advance(1999);
  body.send(changesMessage(2, "one"));
  await watch.waitFor(1);
  // Each message restarts the silence.
  await clock.advance(1999);
  assertEquals(gateway.paths, ["/v3/watch"]);
  await clock.advance(1);
  await gateway.asked("/v3/kv/range");
  // For the start, for the message, and for the response.
  await clock.hasSet(2000, 3);
  isWell = false;
  await clock.advance(2000);
  await gateway.asked("/v3/kv/range", 2);
  await clock.advance(3000);
  const error = await watch.ended;
  assertEquals(error?.failure, "unreachable");
  assertMatch(error!.message, /did not answer within 3 s/);
  assertEquals(other.calls, []);
  assertEquals(clock.timers, 0);
});

Deno.test("watch() is opened at the next endpoint if the first does not confirm it", async () => {
  const clock = new FakeClock();
  const body = new ScriptedBody();
  await using silent = new FakeGateway(noAnswer);
  await using closing = new FakeGateway(() => new Response(""));
  await using good = new FakeGateway(() => new Response(body.stream));
  const endpoints = [silent.url, closing.url, good.url];
  using etcd = new EtcdClient({ endpoints, clock });
  await using watch = new WatchRecorder(etcd, KEYS, 42);
  await silent.asked("/v3/watch");
  await clock.advance(3000);
  body.send(CREATED);
  await watch.started;
  assertEquals(etcd.endpoint, good.url);
  const { body: asked } = good.calls[0]!;
  const create_request = { key: "L2Ev", range_end: "L2Ew", start_revision: "42" };
  assertEquals(asked, { create_request });
  assert(closing.calls.length === 1);
});
