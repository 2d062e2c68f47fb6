import { assertEquals } from "@std/assert";
import { Deadline, Deadlines } from "../../src/runtime/deadlines.ts";
import { FakeClock } from "../testing/fake_clock.ts";

/** A deadline that notes when it fired. */
class Noted extends Deadline {
  readonly fired: number[] = [];
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    super();
    this.#clock = clock;
  }

  override onDue(): void {
    this.fired.push(this.#clock.now());
  }
}

function setUp(): { clock: FakeClock; deadlines: Deadlines; note: () => Noted } {
  const clock = new FakeClock();
  return { clock, deadlines: new Deadlines(clock), note: () => new Noted(clock) };
}

Deno.test("Deadlines fire once, late by at most two ticks and never early", async () => {
  const { clock, deadlines, note } = setUp();
  // Keeps the timer running, so that the deadline begins in the middle of a tick.
  const [running, deadline] = [note(), note()];
  deadlines.queue(10_000).add(running);
  await clock.advance(1090);
  deadlines.queue(250).add(deadline);
  await clock.advance(5000);
  assertEquals(deadline.fired.length, 1);
  const late = deadline.fired[0]! - (1090 + 250);
  assertEquals(late >= 0 && late <= 200, true, `${late} ms late`);
});

Deno.test("Deadline.meet() calls it off, wherever it stands in its queue", async () => {
  for (let met = 0; met < 3; met++) {
    const { clock, deadlines, note } = setUp();
    const all = [note(), note(), note()];
    for (const deadline of all) deadlines.queue(100).add(deadline);
    all[met]!.disarm();
    all[met]!.disarm();
    await clock.advance(1000);
    assertEquals(all.map(({ fired }) => fired.length), all.map((_, i) => i === met ? 0 : 1));
  }
});

Deno.test("DeadlineQueue.add() lets a deadline begin anew, also from another queue", async () => {
  const { clock, deadlines, note } = setUp();
  const deadline = note();
  deadlines.queue(500).add(deadline);
  await clock.advance(400);
  deadlines.queue(1000).add(deadline);
  await clock.advance(900);
  assertEquals(deadline.fired, []);
  await clock.advance(1000);
  assertEquals(deadline.fired.length, 1);
});

Deno.test("Deadlines stop their timer when nothing is left", async () => {
  const { clock, deadlines, note } = setUp();
  const deadline = note();
  deadlines.queue(100).add(deadline);
  deadline.disarm();
  await clock.advance(200);
  assertEquals(clock.timers, 0);
  deadlines.queue(1000).add(deadline);
  deadlines.clear();
  assertEquals(clock.timers, 0);
  await clock.advance(5000);
  assertEquals(deadline.fired, []);
});

Deno.test("Deadlines count a second of a time in which the process stood still", async () => {
  const { clock, deadlines, note } = setUp();
  const deadline = note();
  deadlines.queue(5000).add(deadline);
  await clock.advance(1000);
  clock.pause(60_000);
  await clock.advance(3000);
  assertEquals(deadline.fired, []);
  await clock.advance(500);
  assertEquals(deadline.fired.length, 1);
});
