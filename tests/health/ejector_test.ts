import { assertEquals } from "@std/assert";
import { Registry } from "../../src/state/registry.ts";
import type { Ejection } from "../../src/model/settings.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { Ejector } from "../../src/health/ejector.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { LogWatcher } from "../testing/log_watcher.ts";
import { DEFAULT_SETTINGS } from "../testing/settings.ts";

/** An ejector over some servers, whose URLs end with their slots. */
function setUp(count: number, ejection: Partial<Ejection> = {}) {
  const clock = new FakeClock();
  const table = new StateTable(100);
  const registry = new Registry(table);
  for (let slot = 0; slot < count; slot++) registry.add({ url: urlOf(slot) });
  const returned: string[] = [];
  const ejector = new Ejector({
    registry,
    table,
    clock,
    ejection: { ...DEFAULT_SETTINGS.ejection, ...ejection },
    onReturn: ({ server }) => returned.push(server.url),
  });
  return { clock, table, registry, ejector, returned };
}

function urlOf(slot: number): string {
  return `http://server-${slot}`;
}

const A = urlOf(0);
const B = urlOf(1);
const C = urlOf(2);

Deno.test("Ejector.eject() ejects a server, and reports why and until when", () => {
  const { clock, table, ejector } = setUp(2);
  assertEquals(ejector.report(A), undefined);
  ejector.eject(A, "3 connections failed in a row");
  assertEquals(table.ejectionState(0), "ejected");
  assertEquals(ejector.report(A), {
    why: "3 connections failed in a row",
    until: new Date(clock.date().getTime() + 10_000),
    onTrial: false,
  });
  assertEquals([table.ejectionState(1), ejector.report(B)], ["active", undefined]);
});

Deno.test("Ejector.eject() reports the duration as a readable number", async () => {
  await using log = await LogWatcher.start();
  const { clock, ejector } = setUp(2, { backoff: 0.1 });
  for (let count = 1; count <= 3; count++) {
    ejector.eject(A, "why");
    await clock.advance(count * 100);
  }
  assertEquals(
    log.lines.filter((line) => line.startsWith("Ejected ")).at(-1),
    `Ejected ${A} for 0.3 s: why`,
  );
});

Deno.test("Ejector.eject() changes nothing for a server that is ejected already, or removed", async () => {
  const { clock, table, ejector } = setUp(2);
  ejector.eject(A, "first");
  await clock.advance(9999);
  ejector.eject(A, "second");
  ejector.eject("http://nobody", "why");
  assertEquals([ejector.report(A)!.why, clock.timers], ["first", 1]);
  await clock.advance(1);
  assertEquals(table.ejectionState(0), "probing");
});

Deno.test("Ejector probes a server, and returns it if the request succeeds", async () => {
  const { clock, table, ejector, returned } = setUp(2);
  ejector.reinstate(A);
  ejector.eject(A, "why");
  table.countFailure(0, "connection");
  table.countFailure(0, "response");
  // Too early: only the probing request decides.
  ejector.reinstate(A);
  assertEquals([table.ejectionState(0), returned], ["ejected", []]);
  await clock.advance(10_000);
  assertEquals([table.ejectionState(0), ejector.report(A)!.onTrial], ["probing", true]);
  ejector.reinstate(A);
  ejector.reinstate(A);
  assertEquals([table.ejectionState(0), ejector.report(A), returned], ["active", undefined, [A]]);
  assertEquals([table.countFailure(0, "connection"), table.countFailure(0, "response")], [1, 1]);
});

Deno.test("Ejector ejects for n times the backoff, up to the longest", async () => {
  const { clock, table, ejector } = setUp(2, { maxBackoff: 35 });
  for (const seconds of [10, 20, 30, 35, 35]) {
    ejector.eject(A, "why");
    await clock.advance(seconds * 1000 - 1);
    assertEquals(table.ejectionState(0), "ejected");
    await clock.advance(1);
    assertEquals(table.ejectionState(0), "probing");
  }
});

/** The duration of an ejection that begins now, in seconds. */
function secondsOut({ clock, ejector }: ReturnType<typeof setUp>): number {
  ejector.eject(A, "why");
  return (ejector.report(A)!.until.getTime() - clock.date().getTime()) / 1000;
}

Deno.test("Ejector starts counting afresh for a server that was active for long enough", async () => {
  const parts = setUp(2, { maxBackoff: 35 });
  const { clock, ejector } = parts;
  assertEquals(secondsOut(parts), 10);
  await clock.advance(10_000);
  ejector.reinstate(A);
  await clock.advance(35_000);
  assertEquals(secondsOut(parts), 20);
  await clock.advance(20_000);
  ejector.reinstate(A);
  await clock.advance(35_001);
  assertEquals(secondsOut(parts), 10);
});

Deno.test("Ejector counts the time as active, not as probing", async () => {
  const parts = setUp(2);
  assertEquals(secondsOut(parts), 10);
  await parts.clock.advance(3_600_000);
  assertEquals(secondsOut(parts), 20);
});

Deno.test("Ejector.eject() leaves enough servers active, and one being probed counts as ejected", async () => {
  const { clock, table, ejector } = setUp(4);
  for (const url of [A, B, C]) ejector.eject(url, "why");
  assertEquals([0, 1, 2].map((slot) => table.ejectionState(slot)), [
    "ejected",
    "ejected",
    "active",
  ]);
  await clock.advance(10_000);
  ejector.eject(C, "why");
  assertEquals([0, 1, 2].map((slot) => table.ejectionState(slot)), [
    "probing",
    "probing",
    "active",
  ]);
  // A server being probed already counts as ejected.
  ejector.eject(A, "why");
  assertEquals(table.ejectionState(0), "ejected");
  ejector.reinstate(B);
  await clock.advance(10_000);
  ejector.eject(C, "why");
  assertEquals(table.ejectionState(2), "ejected");
});

Deno.test("Ejector.eject() ejects all at a share of 100, and none at 0", () => {
  for (const [maxShare, ejectionState] of [[100, "ejected"], [0, "active"]] as const) {
    const { table, ejector } = setUp(2, { maxShare });
    for (const url of [A, B]) ejector.eject(url, "why");
    assertEquals([table.ejectionState(0), table.ejectionState(1)], [ejectionState, ejectionState]);
  }
});

Deno.test("Ejector.eject() logs once in a backoff that a server is not ejected because of the limit", async () => {
  await using log = await LogWatcher.start();
  const { clock, table, registry, ejector } = setUp(1);
  for (let i = 0; i < 1000; i++) ejector.eject(A, `failure ${i}`);
  await clock.advance(9999);
  ejector.eject(A, "almost");
  assertEquals(log.lines, [
    `Not ejecting ${A}, as too many servers would be ejected: failure 0`,
  ]);
  registry.add({ url: B });
  await clock.advance(1);
  ejector.eject(A, "now");
  assertEquals([table.ejectionState(0), log.lines.at(-1)], [
    "ejected",
    `Ejected ${A} for 10 s: now`,
  ]);
});

Deno.test("Ejector forgets a server that is removed, and leaves the next one in its slot alone", async () => {
  const parts = setUp(2);
  const { clock, table, registry, ejector } = parts;
  ejector.eject(A, "why");
  registry.remove(A);
  assertEquals([clock.timers, ejector.report(A)], [0, undefined]);
  assertEquals(registry.add({ url: C }).slot, 0);
  await clock.advance(10_000);
  assertEquals(table.ejectionState(0), "active");
  // A server that is added again starts afresh as well.
  registry.remove(C);
  registry.add({ url: A });
  assertEquals(secondsOut(parts), 10);
});

Deno.test("Ejector keeps all states once it is disposed of", async () => {
  const { clock, table, ejector, returned } = setUp(4);
  ejector.eject(A, "why");
  await clock.advance(10_000);
  ejector.eject(B, "why");
  ejector[Symbol.dispose]();
  assertEquals(clock.timers, 0);
  // Requests in flight may still end.
  ejector.reinstate(A);
  ejector.eject(C, "why");
  assertEquals([0, 1, 2].map((slot) => table.ejectionState(slot)), [
    "probing",
    "ejected",
    "active",
  ]);
  assertEquals([clock.timers, returned], [0, []]);
});
