import { assert, assertEquals } from "@std/assert";
import { EtcdError } from "../../../src/cluster/etcd/etcd_types.ts";
import { Watching } from "./watching.ts";

function refuse(): never {
  throw new EtcdError("unreachable", "nobody answers");
}

Deno.test("Follower.run() reads everything, and tells every change from there on", async () => {
  await using watching = new Watching();
  const { etcd, listener, watcher, connectivity } = watching;
  etcd.put("/b/1", "one");
  etcd.put("/c/1", "somebody else's");
  await watching.settle();
  assertEquals(listener.calls, ["reset 1"]);
  assertEquals([connectivity.isUp, watcher.revision], [true, 3]);
  etcd.put("/b/2", "two");
  etcd.delete("/b/1");
  etcd.put("/c/2", "somebody else's");
  await watching.settle();
  assertEquals(listener.calls.slice(1), ["put /b/2", "delete /b/1"]);
  assertEquals(watcher.revision, 5);
});

Deno.test("Follower.run() goes on from the last revision when the watch is cut", async () => {
  await using watching = new Watching();
  const { etcd, listener, connectivity, clock } = watching;
  await watching.settle();
  etcd.put("/b/1", "one");
  await watching.settle();
  etcd.cut();
  await watching.settle();
  etcd.put("/b/2", "two");
  etcd.delete("/b/1");
  assertEquals(etcd.watches, 0);
  // One interruption is no news.
  assertEquals(connectivity.isUp, true);
  await clock.advance(100);
  await watching.settle();
  assertEquals(listener.calls, ["reset 0", "put /b/1", "put /b/2", "delete /b/1"]);
});

Deno.test("Follower.run() reads everything again when the revision is compacted", async () => {
  await using watching = new Watching();
  const { etcd, listener, clock } = watching;
  await watching.settle();
  etcd.put("/b/1", "one");
  await watching.settle();
  etcd.cut();
  await watching.settle();
  etcd.put("/b/2", "two");
  etcd.delete("/b/1");
  etcd.compact();
  await clock.advance(500);
  await watching.settle();
  assertEquals(listener.calls, ["reset 0", "put /b/1", "reset 1"]);
  assertEquals(listener.content, { "/b/2": "two" });
  etcd.put("/b/3", "three");
  await watching.settle();
  assertEquals(listener.calls.at(-1), "put /b/3");
});

Deno.test("Follower.run() tries again and again, at most every second, and says so", async () => {
  await using watching = new Watching();
  const { etcd, listener, connectivity, clock } = watching;
  await watching.settle();
  etcd.before = refuse;
  etcd.cut();
  await clock.advance(1000);
  assertEquals(connectivity.isUp, false);
  assertEquals(connectivity.error, "nobody answers");
  etcd.calls.length = 0;
  await clock.advance(10_000);
  const tries = etcd.calls.filter((call) => call === "watch").length;
  assert(tries >= 9 && tries <= 15, `${tries}`);
  const since = connectivity.since;
  etcd.before = () => {};
  etcd.put("/b/1", "one");
  await clock.advance(1000);
  assertEquals(listener.content, { "/b/1": "one" });
  assertEquals([connectivity.isUp, connectivity.error], [true, undefined]);
  assert(connectivity.since > since);
});

Deno.test("Follower.run() begins another watch where one never begins", async () => {
  await using watching = new Watching();
  const { etcd, listener, clock } = watching;
  etcd.before = (call) => call === "watch" ? new Promise(() => {}) : undefined;
  await watching.settle();
  assertEquals(etcd.calls, ["range", "watch"]);
  etcd.before = () => {};
  await clock.advance(5500);
  etcd.put("/b/1", "one");
  await watching.settle();
  assertEquals(listener.content, { "/b/1": "one" });
});

Deno.test("Follower.run() reads everything again and again where there is no watch", async () => {
  await using watching = new Watching();
  const { etcd, listener, clock, connectivity } = watching;
  etcd.before = (call) => {
    if (call === "watch") throw new EtcdError("unreachable", "no watch here");
  };
  await clock.advance(3000);
  etcd.put("/b/1", "one");
  await clock.advance(3000);
  assertEquals([listener.content, connectivity.isUp], [{ "/b/1": "one" }, false]);
  assertEquals(connectivity.error, "no watch here");
  etcd.before = () => {};
  await clock.advance(2000);
  assertEquals(connectivity.isUp, true);
});

Deno.test("Follower.run() finds out that a watch is mute, and reads everything again", async () => {
  await using watching = new Watching();
  const { etcd, listener, clock } = watching;
  etcd.put("/b/1", "one");
  await watching.settle();
  etcd.isMute = true;
  for (const change of [() => etcd.put("/b/1", "1"), () => etcd.delete("/b/1")]) {
    change();
    // Two seconds: the next look may be a fifth later than it is planned, and the lag is awaited.
    await clock.advance(7500);
    await watching.settle();
    assertEquals(listener.content, { ...etcd.content });
  }
  assertEquals(listener.calls, ["reset 1", "reset 1", "reset 0"]);
});

Deno.test("Follower.run() looks for new values less often where there are many keys", async () => {
  await using watching = new Watching();
  const { etcd, listener, clock } = watching;
  for (let i = 0; i < 2500; i++) etcd.put(`/b/${i}`, "old");
  await watching.settle();
  etcd.isMute = true;
  etcd.put("/b/0", "new");
  // Every third look does; the first was one.
  await clock.advance(14_000);
  assertEquals(listener.content["/b/0"], "old");
  await clock.advance(4000);
  await watching.settle();
  assertEquals(listener.content["/b/0"], "new");
  // A number that is different is seen by each.
  etcd.delete("/b/1");
  await clock.advance(7500);
  await watching.settle();
  assertEquals(listener.content["/b/1"], undefined);
});

Deno.test("Follower.run() does not take a change that is on its way for a mute watch", async () => {
  await using watching = new Watching();
  const { etcd, listener, clock } = watching;
  await watching.settle();
  etcd.isMute = true;
  etcd.put("/b/1", "one");
  await clock.advance(5500);
  etcd.isMute = false;
  etcd.put("/b/2", "two");
  await clock.advance(20_000);
  assertEquals(listener.calls, ["reset 0", "put /b/1", "put /b/2"]);
});

Deno.test("Follower.run() does not begin again because of keys that it does not follow", async () => {
  await using watching = new Watching();
  const { etcd, listener, clock } = watching;
  etcd.put("/b/1", "one");
  await watching.settle();
  for (let i = 0; i < 20; i++) {
    etcd.put("/c/1", `${i}`);
    await clock.advance(2000);
  }
  assertEquals(listener.calls, ["reset 1"]);
  // A look moves on what is asked for after an interruption.
  etcd.compact();
  etcd.cut();
  await clock.advance(500);
  assertEquals(listener.calls, ["reset 1"]);
});

Deno.test("Follower.run() notices that etcd was put back to an earlier state", async () => {
  await using watching = new Watching();
  const { etcd, listener, clock, watcher } = watching;
  for (const value of ["one", "two", "three"]) etcd.put("/b/1", value);
  await watching.settle();
  etcd.restore();
  etcd.put("/b/1", "zero");
  await clock.advance(7500);
  assertEquals([listener.content, watcher.revision], [{ "/b/1": "zero" }, 2]);
  etcd.put("/b/2", "two");
  await watching.settle();
  assertEquals(listener.content, { "/b/1": "zero", "/b/2": "two" });
});

Deno.test("Follower.run() knows that etcd is away by a look alone, and that it is back", async () => {
  await using watching = new Watching();
  const { etcd, connectivity, clock } = watching;
  await watching.settle();
  // The watch goes on, but no majority answers.
  etcd.before = (call) => call === "range" ? new Promise(() => {}) : undefined;
  await clock.advance(11_000);
  assertEquals([connectivity.isUp, etcd.watches], [false, 1]);
  etcd.before = () => {};
  await clock.advance(7000);
  assertEquals([connectivity.isUp, etcd.watches], [true, 1]);
});

Deno.test("Follower.check() looks at once", async () => {
  await using watching = new Watching();
  const { etcd, watcher } = watching;
  await watching.settle();
  etcd.calls.length = 0;
  watcher.check();
  await watching.settle();
  assertEquals(etcd.calls, ["range"]);
});

Deno.test("Follower.until() waits for what the listener is told", async () => {
  await using watching = new Watching();
  const { etcd, listener, watcher } = watching;
  await watching.settle();
  const isThere = () => listener.content["/b/1"] !== undefined;
  const never = new AbortController();
  const waiting = watcher.until(isThere, never.signal);
  etcd.put("/b/1", "one");
  assertEquals(await waiting, true);
  assertEquals(await watcher.until(isThere, never.signal), true);
  const isGone = watcher.until(() => !isThere(), never.signal);
  never.abort();
  assertEquals(await isGone, false);
});

Deno.test("Follower.run() leaves nothing running when it ends", async () => {
  const watching = new Watching();
  await watching.settle();
  await watching[Symbol.asyncDispose]();
  assertEquals([watching.clock.timers, watching.etcd.watches], [0, 0]);
});
