import { assertEquals } from "@std/assert";
import { Cancellation } from "../../src/runtime/cancellation.ts";
import { Deadlines } from "../../src/runtime/deadlines.ts";
import { BalancerError } from "../../src/model/errors.ts";
import { completeServer } from "../../src/model/server.ts";
import { allocateMemory, layOut } from "../../src/state/table_memory.ts";
import { CrossThreadQueue } from "../../src/state/cross_thread_queue.ts";
import type { Pick } from "../../src/proxy/picker.ts";
import { WaitingQueue } from "../../src/proxy/waiting_queue.ts";
import { FakeClock, settle } from "../testing/fake_clock.ts";
import { KeptAlive } from "../testing/kept_alive.ts";

const ENTRY = { server: completeServer({ url: "http://a" }), slot: 0 };

/** The queues of two threads for the same servers; a test determines how many places are free. */
class Fixture {
  readonly clock = new FakeClock();
  readonly memory = allocateMemory(4, 2);
  readonly one = this.#queue(0);
  readonly two = this.#queue(1);
  /** Number of free places. */
  free = 0;
  /** Number of attempts to take a place. */
  tries = 0;
  /** The requests that were queued and their results, in order. */
  readonly ends: string[] = [];

  /** Queues a request, and notes its result. */
  async wait(
    queue: WaitingQueue,
    name: string,
    { firstAttempt = true, cancellation = new Cancellation() } = {},
  ): Promise<void> {
    try {
      await queue.wait({
        pick: () => firstAttempt ? this.#take() : "full",
        firstAttempt,
        cancellation,
      });
      this.ends.push(name);
    } catch (error) {
      this.ends.push(`${name} ${(error as BalancerError).code}`);
    }
  }

  /** Frees places on the thread of this queue. */
  async release(queue: WaitingQueue, count = 1): Promise<void> {
    this.free += count;
    for (let i = 0; i < count; i++) queue.wake();
    await settle();
  }

  /** Simulates a thread that publishes a ticket, and never takes a place. */
  hang(thread: number): void {
    const room = new CrossThreadQueue(this.memory, thread);
    room.publishOldest(room.takeTicket());
  }

  /** The oldest tickets that the threads publish. */
  get shown(): number[] {
    return [...layOut(this.memory).crossThreadQueue.subarray(1, 3)];
  }

  #queue(thread: number): WaitingQueue {
    return new WaitingQueue({
      deadlines: new Deadlines(this.clock),
      length: 10,
      timeout: 2000,
      crossThread: new CrossThreadQueue(this.memory, thread),
    });
  }

  #take(): Pick {
    this.tries++;
    if (this.free === 0) return "full";
    this.free--;
    return ENTRY;
  }
}

Deno.test("WaitingQueue.wake() serves in the order of arrival over all threads", async () => {
  await using _ = new KeptAlive();
  const fixture = new Fixture();
  const { one, two } = fixture;
  const waits = [
    ...["a", "b"].map((name) => fixture.wait(one, name)),
    ...["c", "d"].map((name) => fixture.wait(two, name)),
    fixture.wait(one, "e"),
    fixture.wait(two, "f"),
  ];
  // A single thread frees all places.
  for (const wait of waits) {
    fixture.release(one);
    await wait;
  }
  assertEquals(fixture.ends, ["a", "b", "c", "d", "e", "f"]);
  assertEquals([one.crowded, two.crowded, fixture.shown], [false, false, [0, 0]]);
});

Deno.test("WaitingQueue.wake() passes a wake-up on if places are left", async () => {
  await using _ = new KeptAlive();
  const fixture = new Fixture();
  const { one, two } = fixture;
  const waits = [fixture.wait(two, "a"), fixture.wait(one, "b"), fixture.wait(two, "c")];
  await fixture.release(one, 3);
  await Promise.all(waits);
  assertEquals(fixture.ends, ["a", "b", "c"]);
});

Deno.test("WaitingQueue.wait() does not overtake requests on another thread", async () => {
  await using _ = new KeptAlive();
  const fixture = new Fixture();
  const { one, two } = fixture;
  const first = fixture.wait(one, "a");
  assertEquals([one.crowded, two.crowded], [true, true]);
  fixture.free = 1;
  const tries = fixture.tries;
  const second = fixture.wait(two, "b");
  await settle();
  assertEquals([fixture.ends, fixture.tries], [[], tries]);
  one.wake();
  await first;
  fixture.release(one);
  await second;
  assertEquals(fixture.ends, ["a", "b"]);
});

Deno.test("WaitingQueue publishes its oldest request that any server will do for", async () => {
  const fixture = new Fixture();
  const { one } = fixture;
  const cancellation = new Cancellation();
  fixture.wait(one, "retry", { firstAttempt: false });
  assertEquals(fixture.shown, [0, 0]);
  fixture.wait(one, "a", { cancellation });
  fixture.wait(one, "b");
  assertEquals(fixture.shown, [2, 0]);
  cancellation.cancel(new BalancerError("client_gone", "test"));
  await settle();
  assertEquals(fixture.shown, [3, 0]);
  await fixture.clock.advance(2200);
  assertEquals([fixture.shown, fixture.two.crowded], [[0, 0], false]);
});

Deno.test("WaitingQueue.wake() on a thread with an empty queue calls the thread whose request waits", async () => {
  await using _ = new KeptAlive();
  const fixture = new Fixture();
  const wait = fixture.wait(fixture.two, "a");
  fixture.release(fixture.one);
  await wait;
  assertEquals(fixture.ends, ["a"]);
});

Deno.test("WaitingQueue is not held up by a thread that hangs, however many requests arrive", async () => {
  const fixture = new Fixture();
  fixture.hang(1);
  fixture.wait(fixture.one, "a");
  await fixture.release(fixture.one);
  assertEquals(fixture.ends, []);
  for (const name of ["b", "c", "d"]) {
    await fixture.clock.advance(40);
    fixture.wait(fixture.one, name);
  }
  assertEquals(fixture.ends, ["a"]);
});

Deno.test("WaitingQueue.wake() calls another thread only for places that are left", async () => {
  const fixture = new Fixture();
  const { one, two } = fixture;
  fixture.wait(one, "a");
  fixture.wait(two, "b");
  const { crossThreadQueue: cells } = layOut(fixture.memory);
  const calls = () => cells.subarray(3, 5).join();
  fixture.free = 1;
  one.wake();
  // The wait for a call that is counted here has not been ended before.
  assertEquals([calls(), Atomics.notify(cells, 4)], ["0,0", 1]);
  await settle();
  assertEquals(fixture.ends, ["a"]);
  fixture.free = 3;
  one.wake(3);
  assertEquals(calls(), "0,3");
});
