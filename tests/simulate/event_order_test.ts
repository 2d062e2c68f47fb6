import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { JobQueue } from "../../src/simulate/jobs.ts";
import { RowDeadlines } from "../../src/simulate/row_deadlines.ts";
import { FreeRows } from "../../src/simulate/rows.ts";
import { SimulatedClock } from "../../src/simulate/simulated_clock.ts";

Deno.test("SimulatedClock.take() returns events in order of time, without cancelled timers", () => {
  const clock = new SimulatedClock();
  const fired: string[] = [];
  clock.schedule(5, 20);
  clock.after(30, () => fired.push("never"))();
  clock.after(10, () => {
    fired.push(`at ${clock.now()}`);
    // The freed row is reused, and the old cancellation does not affect it.
    clock.after(15, () => fired.push(`at ${clock.now()}`));
  });
  const taken: number[] = [];
  while (clock.next !== Infinity) {
    const event = clock.take();
    if (event < 0) clock.fire(event);
    else taken.push(event, clock.now());
  }
  assertEquals([taken, fired], [[5, 20], ["at 10", "at 25"]]);
  assertEquals(clock.date().getTime(), clock.now());
});

Deno.test("SimulatedClock.after() cancels its own timer only, not the next with the same number", () => {
  const clock = new SimulatedClock();
  const fired: string[] = [];
  const cancel = clock.after(1, () => fired.push("first"));
  clock.fire(clock.take());
  clock.after(1, () => fired.push("second"));
  cancel();
  clock.fire(clock.take());
  assertEquals(fired, ["first", "second"]);
});

Deno.test("RowDeadlines.take() returns deadlines in order, and -1 for cancelled ones", () => {
  fc.assert(fc.property(
    fc.array(fc.record({ row: fc.nat({ max: 3000 }), cancel: fc.boolean(), take: fc.boolean() }), {
      maxLength: 4000,
      size: "max",
    }),
    (steps) => {
      const rows = { version: new Int32Array(3001) };
      const deadlines = new RowDeadlines(rows, 10);
      const expected: { row: number; version: number; at: number }[] = [];
      for (const [now, { row, cancel, take }] of steps.entries()) {
        deadlines.add(row, now);
        expected.push({ row, version: rows.version[row]!, at: now + 10 });
        if (cancel) rows.version[row]! += 1;
        if (!take) continue;
        // Cancelled ones at the front may have been dropped already.
        while (deadlines.next !== expected[0]!.at) {
          const { row, version } = expected.shift()!;
          assertEquals(rows.version[row] !== version, true);
        }
        const first = expected.shift()!;
        assertEquals(deadlines.take(), rows.version[first.row] === first.version ? first.row : -1);
        assertEquals(deadlines.next === Infinity, expected.length === 0);
      }
    },
  ));
});

Deno.test("JobQueue.leave() removes a job from anywhere and keeps the order of the others", () => {
  fc.assert(fc.property(
    fc.array(fc.nat({ max: 19 }), { maxLength: 100 }),
    (jobs) => {
      const columns = { before: new Int32Array(20), behind: new Int32Array(20) };
      const queue = new JobQueue(columns);
      let expected: number[] = [];
      for (const job of jobs) {
        // A queued job leaves, another joins.
        if (expected.includes(job)) {
          queue.leave(job);
          expected = expected.filter((other) => other !== job);
        } else {
          queue.join(job);
          expected.push(job);
        }
        const found: number[] = [];
        for (let at = queue.first; at !== -1; at = columns.behind[at]!) found.push(at);
        assertEquals([found, queue.length], [expected, expected.length]);
      }
    },
  ));
});

Deno.test("FreeRows.take() returns each row once, also after double()", () => {
  const rows = new FreeRows(2);
  const taken = new Set([rows.take(), rows.take()]);
  assertEquals(rows.empty, true);
  rows.double();
  taken.add(rows.take()).add(rows.take());
  assertEquals([taken, rows.empty], [new Set([0, 1, 2, 3]), true]);
  rows.give(1);
  assertEquals(rows.take(), 1);
});
