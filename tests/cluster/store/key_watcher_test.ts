import { assert, assertEquals } from "@std/assert";
import { EtcdError } from "../../../src/cluster/etcd/etcd_types.ts";
import { Watching } from "./watching.ts";

function refuse(): never {
  throw new EtcdError("unreachable", "no answer");
}

Deno.test("KeyWatcher.run() reads all keys, and reports every later change", async () => {
  await using watching = new Watching();
  const { etcd, listener, watcher, connectivity } = watching;
  etcd.put("/b/1", "one");
  etcd.put("/c/1", "foreign");
  await watching.settle();
  assertEquals(listener.calls, ["reset 1"]);
  assertEquals([connectivity.isUp, watcher.revision], [true, 3]);
  etcd.put("/b/2", "two");
  etcd.delete("/b/1");
  etcd.put("/c/2", "foreign");
  await watching.settle();
  assertEquals(listener.calls.slice(1), ["put /b/2", "delete /b/1"]);
  assertEquals(watcher.revision, 5);
});

Deno.test("KeyWatcher.run() resumes from the last revision when the watch breaks", async () => {
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
  // A single interruption does not count as down.
  assertEquals(connectivity.isUp, true);
  await clock.advance(100);
  await watching.settle();
  assertEquals(listener.calls, ["reset 0", "put /b/1", "put /b/2", "delete /b/1"]);
});

Deno.test("KeyWatcher.run() reads all keys again when the revision was compacted", async () => {
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

Deno.test("KeyWatcher.run() retries, at most every second, and logs that once", async () => {
  await using watching = new Watching();
  const { etcd, listener, connectivity, clock } = watching;
  await watching.settle();
  etcd.before = refuse;
  etcd.cut();
  await clock.advance(1000);
  assertEquals(connectivity.isUp, false);
  assertEquals(connectivity.error, "no answer");
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

Deno.test("KeyWatcher.run() opens another watch if one does not start", async () => {
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

Deno.test("KeyWatcher.run() falls back to reading all keys if no watch can be opened", async () => {
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

Deno.test("KeyWatcher.run() detects a silent watch, and reads all keys again", async () => {
  await using watching = new Watching();
  const { etcd, listener, clock } = watching;
  etcd.put("/b/1", "one");
  await watching.settle();
  etcd.isMute = true;
  for (const change of [() => etcd.put("/b/1", "1"), () => etcd.delete("/b/1")]) {
    change();
    // Two seconds: jitter may delay the next check by a tenth, and the lag is waited for.
    await clock.advance(7500);
    await watching.settle();
    assertEquals(listener.content, { ...etcd.content });
  }
  assertEquals(listener.calls, ["reset 1", "reset 1", "reset 0"]);
});

Deno.test("KeyWatcher.run() checks for new values less often with many keys", async () => {
  await using watching = new Watching();
  const { etcd, listener, clock } = watching;
  for (let i = 0; i < 2500; i++) etcd.put(`/b/${i}`, "old");
  await watching.settle();
  etcd.isMute = true;
  etcd.put("/b/0", "new");
  // Every third check does, starting with the first.
  await clock.advance(14_000);
  assertEquals(listener.content["/b/0"], "old");
  await clock.advance(4000);
  await watching.settle();
  assertEquals(listener.content["/b/0"], "new");
  // Every check compares the number of keys.
  etcd.delete("/b/1");
  await clock.advance(7500);
  await watching.settle();
  assertEquals(listener.content["/b/1"], undefined);
});

Deno.test("KeyWatcher.run() does not mistake a change in transit for a silent watch", async () => {
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

Deno.test("KeyWatcher.run() does not restart because of keys that it does not watch", async () => {
  await using watching = new Watching();
  const { etcd, listener, clock } = watching;
  etcd.put("/b/1", "one");
  await watching.settle();
  for (let i = 0; i < 20; i++) {
    etcd.put("/c/1", `${i}`);
    await clock.advance(2000);
  }
  assertEquals(listener.calls, ["reset 1"]);
  // A check advances the revision from which the watch is resumed.
  etcd.compact();
  etcd.cut();
  await clock.advance(500);
  assertEquals(listener.calls, ["reset 1"]);
});

Deno.test("KeyWatcher.run() detects that etcd was restored from a backup", async () => {
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

Deno.test("KeyWatcher.run() detects by a check alone that etcd is down, and up again", async () => {
  await using watching = new Watching();
  const { etcd, connectivity, clock } = watching;
  await watching.settle();
  // The watch stays open, but there is no majority.
  etcd.before = (call) => call === "range" ? new Promise(() => {}) : undefined;
  await clock.advance(11_000);
  assertEquals([connectivity.isUp, etcd.watches], [false, 1]);
  etcd.before = () => {};
  await clock.advance(7000);
  assertEquals([connectivity.isUp, etcd.watches], [true, 1]);
});

Deno.test("KeyWatcher.check() checks at once", async () => {
  await using watching = new Watching();
  const { etcd, watcher } = watching;
  await watching.settle();
  etcd.calls.length = 0;
  watcher.check();
  await watching.settle();
  assertEquals(etcd.calls, ["range"]);
});

Deno.test("KeyWatcher.until() waits for the listener", async () => {
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

Deno.test("KeyWatcher.run() leaves nothing running when it ends", async () => {
  const watching = new Watching();
  await watching.settle();
  await watching[Symbol.asyncDispose]();
  assertEquals([watching.clock.timers, watching.etcd.watches], [0, 0]);
});
