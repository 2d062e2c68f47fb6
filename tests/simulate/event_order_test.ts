import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { Expiries } from "../../src/simulate/expiries.ts";
import { Line } from "../../src/simulate/line.ts";
import { FreeRows } from "../../src/simulate/numbers.ts";
import { SimulatedClock } from "../../src/simulate/simulated_clock.ts";

Deno.test("SimulatedClock.take() gives what happens in the order of time, but what was called off", () => {
  const clock = new SimulatedClock();
  const fired: string[] = [];
  clock.schedule(5, 20);
  clock.after(30, () => fired.push("never"))();
  clock.after(10, () => {
    fired.push(`at ${clock.now()}`);
    // A row that was freed is used again, and the old cancellation has no say in it.
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

Deno.test("SimulatedClock.after() is called off once, whoever has the number afterwards", () => {
  const clock = new SimulatedClock();
  const fired: string[] = [];
  const cancel = clock.after(1, () => fired.push("first"));
  clock.fire(clock.take());
  clock.after(1, () => fired.push("second"));
  cancel();
  clock.fire(clock.take());
  assertEquals(fired, ["first", "second"]);
});

Deno.test("Expiries fall due in order, but those that were met", () => {
  fc.assert(fc.property(
    fc.array(fc.record({ row: fc.nat({ max: 3000 }), met: fc.boolean(), take: fc.boolean() }), {
      maxLength: 4000,
      size: "max",
    }),
    (steps) => {
      const rows = { version: new Int32Array(3001) };
      const expiries = new Expiries(rows, 10);
      const expected: { row: number; version: number; at: number }[] = [];
      for (const [now, { row, met, take }] of steps.entries()) {
        expiries.add(row, now);
        expected.push({ row, version: rows.version[row]!, at: now + 10 });
        if (met) rows.version[row]! += 1;
        if (!take) continue;
        // Those at the front that were met may be gone already.
        while (expiries.next !== expected[0]!.at) {
          const { row, version } = expected.shift()!;
          assertEquals(rows.version[row] !== version, true);
        }
        const first = expected.shift()!;
        assertEquals(expiries.take(), rows.version[first.row] === first.version ? first.row : -1);
        assertEquals(expiries.next === Infinity, expected.length === 0);
      }
    },
  ));
});

Deno.test("Line lets rows leave from anywhere, and keeps the order of the others", () => {
  fc.assert(fc.property(
    fc.array(fc.nat({ max: 19 }), { maxLength: 100 }),
    (rows) => {
      const neighbours = { before: new Int32Array(20), behind: new Int32Array(20) };
      const line = new Line(neighbours);
      let expected: number[] = [];
      for (const row of rows) {
        // One that stands there leaves, and one that does not joins.
        if (expected.includes(row)) {
          line.leave(row);
          expected = expected.filter((other) => other !== row);
        } else {
          line.join(row);
          expected.push(row);
        }
        const found: number[] = [];
        for (let at = line.first; at !== -1; at = neighbours.behind[at]!) found.push(at);
        assertEquals([found, line.length], [expected, expected.length]);
      }
    },
  ));
});

Deno.test("FreeRows.take() gives each row once, also after there are more", () => {
  const rows = new FreeRows(2);
  const taken = new Set([rows.take(), rows.take()]);
  assertEquals(rows.empty, true);
  rows.double();
  taken.add(rows.take()).add(rows.take());
  assertEquals([taken, rows.empty], [new Set([0, 1, 2, 3]), true]);
  rows.give(1);
  assertEquals(rows.take(), 1);
});
