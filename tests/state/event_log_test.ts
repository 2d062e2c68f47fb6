import { assertEquals, assertMatch } from "@std/assert";
import { type BalancerEvent, EventLog, EVENTS_KEPT } from "../../src/state/event_log.ts";
import { completeServer } from "../../src/model/server.ts";
import { FakeClock } from "../testing/fake_clock.ts";

const ADDED: Omit<BalancerEvent, "number" | "at"> = {
  type: "added",
  server: completeServer({ url: "http://a" }),
  detail: undefined,
};

function logOf(count: number): EventLog {
  const clock = new FakeClock();
  const log = new EventLog(() => clock.date());
  for (let i = 0; i < count; i++) log.add(ADDED);
  return log;
}

function numbers(events: readonly { number: number }[] | undefined): number[] | undefined {
  return events?.map(({ number }) => number);
}

Deno.test("EventLog.add() numbers the events and records their times", async () => {
  const clock = new FakeClock();
  const log = new EventLog(() => clock.date());
  assertEquals(log.latest, 0);
  log.add(ADDED);
  await clock.advance(1500);
  log.add({ ...ADDED, type: "removed", detail: "why" });
  assertEquals(log.latest, 2);
  assertEquals(log.last(10), [
    { ...ADDED, number: 1, at: new Date("2026-01-01T00:00:00Z") },
    { ...ADDED, type: "removed", detail: "why", number: 2, at: new Date("2026-01-01T00:00:01.5Z") },
  ]);
});

Deno.test("EventLog.last() returns the latest events, as many as are kept", () => {
  const log = logOf(3);
  assertEquals([0, 1, 2, 3, 4].map((count) => numbers(log.last(count))), [
    ...[[], [3], [2, 3], [1, 2, 3], [1, 2, 3]],
  ]);
});

Deno.test("EventLog.after() returns the events after a number, if all of them are kept", () => {
  const log = logOf(3);
  assertEquals([0, 1, 2, 3].map((number) => numbers(log.after(number))), [
    ...[[1, 2, 3], [2, 3], [3], []],
  ]);
  assertEquals([log.after(4), log.after(-1)], [undefined, undefined]);
});

Deno.test("EventLog keeps the latest thousand events", () => {
  const log = logOf(EVENTS_KEPT + 2);
  assertEquals(EVENTS_KEPT, 1000);
  assertEquals(log.last(2000).length, 1000);
  assertEquals([log.after(1), log.after(2)?.length], [undefined, 1000]);
  assertEquals(numbers(log.last(2000))?.[0], 3);
});

Deno.test("EventLog.subscribe() notifies of each event until the subscription ends", () => {
  const log = logOf(1);
  const seen: number[] = [];
  const end = log.subscribe(({ number }) => seen.push(number));
  log.add(ADDED);
  log.add(ADDED);
  end();
  log.add(ADDED);
  assertEquals(seen, [2, 3]);
});

Deno.test("EventLog.close() notifies each subscriber once, and former ones never", () => {
  const log = logOf(0);
  const told: string[] = [];
  log.subscribe(() => {}, () => told.push("stayed"));
  log.subscribe(() => {}, () => told.push("left"))();
  log.subscribe(() => {});
  assertEquals(log.closed, false);
  log.close();
  log.close();
  assertEquals([told, log.closed], [["stayed"], true]);
});

Deno.test("EventLog.run differs for each log", () => {
  const [one, other] = [logOf(0).run, logOf(0).run];
  assertMatch(one, /^[0-9a-f]{12}$/);
  assertEquals(one === other, false);
});
