import { assertEquals, assertRejects } from "@std/assert";
import { Cancellation } from "../../src/runtime/cancellation.ts";
import { Deadlines } from "../../src/runtime/deadlines.ts";
import { BalancerError } from "../../src/model/errors.ts";
import { completeServer } from "../../src/model/server.ts";
import type { Pick } from "../../src/proxy/picker.ts";
import { WaitingQueue } from "../../src/proxy/waiting_queue.ts";
import { FakeClock, settle } from "../testing/fake_clock.ts";

const ENTRY = { server: completeServer({ url: "http://a" }), slot: 0 };

/** A queue for servers; a test determines how many places are free. */
class Fixture {
  readonly clock = new FakeClock();
  readonly queue: WaitingQueue;
  /** Number of free places. */
  free = 0;
  /** Number of places taken. */
  taken = 0;
  /** The requests that were queued and their results, in order. */
  readonly ends: string[] = [];

  constructor(length = 10, timeout = 2000) {
    this.queue = new WaitingQueue({ deadlines: new Deadlines(this.clock), length, timeout });
  }

  /** Queues a request, and notes its result. */
  async wait(
    name: string,
    options: { firstAttempt?: boolean; cancellation?: Cancellation; pick?: () => Pick } = {},
  ): Promise<void> {
    const { firstAttempt = true, cancellation = new Cancellation() } = options;
    const pick = options.pick ?? (() => this.#take());
    try {
      const picked = await this.queue.wait({ pick, firstAttempt, cancellation });
      this.ends.push(`${name} ${picked === undefined ? "none" : "served"}`);
    } catch (error) {
      this.ends.push(`${name} ${(error as BalancerError).code}`);
    }
  }

  /** Frees places, and wakes the queue. */
  async release(count = 1): Promise<void> {
    this.free += count;
    for (let i = 0; i < count; i++) this.queue.wake();
    await settle();
  }

  #take(): Pick {
    if (this.free === 0) return "full";
    this.free--;
    this.taken++;
    return ENTRY;
  }
}

Deno.test("WaitingQueue.wait() serves in the order of arrival", async () => {
  const fixture = new Fixture();
  for (const name of ["a", "b", "c"]) fixture.wait(name);
  assertEquals(fixture.queue.length, 3);
  await fixture.release();
  assertEquals([fixture.ends, fixture.queue.length], [["a served"], 2]);
  await fixture.release(2);
  assertEquals(fixture.ends, ["a served", "b served", "c served"]);
  assertEquals([fixture.queue.length, fixture.taken], [0, 3]);
});

Deno.test("WaitingQueue.wait() gives a place to an earlier request, not to the newcomer", async () => {
  const fixture = new Fixture();
  fixture.wait("a");
  fixture.free = 1;
  fixture.wait("b");
  await settle();
  assertEquals(fixture.ends, ["a served"]);
});

Deno.test("WaitingQueue.wait() refuses at once if the queue is full", async () => {
  const fixture = new Fixture(2);
  for (const name of ["a", "b", "c"]) fixture.wait(name);
  await settle();
  assertEquals([fixture.ends, fixture.queue.length], [["c overloaded"], 2]);
  await fixture.release();
  fixture.wait("d");
  assertEquals(fixture.queue.length, 2);
  const nobody = new Fixture(0);
  await nobody.wait("a");
  assertEquals(nobody.ends, ["a overloaded"]);
});

Deno.test("WaitingQueue.wait() ends after its time, and leaves no timer", async () => {
  const fixture = new Fixture();
  fixture.wait("a");
  await fixture.clock.advance(1000);
  fixture.wait("b");
  await fixture.clock.advance(1200);
  assertEquals([fixture.ends, fixture.queue.length], [["a queue_timeout"], 1]);
  await fixture.clock.advance(1000);
  assertEquals([fixture.ends.at(-1), fixture.queue.length], ["b queue_timeout", 0]);
  await fixture.clock.advance(200);
  assertEquals(fixture.clock.timers, 0);
});

Deno.test("WaitingQueue.wait() says in the error how long the request was queued", async () => {
  const { queue, clock } = new Fixture();
  const cancellation = new Cancellation();
  const waiting = queue.wait({ pick: () => "full", firstAttempt: true, cancellation });
  const error = assertRejects(
    () => waiting,
    BalancerError,
    "No server was below its max_connections within 2 s",
  );
  await clock.advance(2200);
  await error;
});

Deno.test("WaitingQueue polls, as servers may become free without a wake-up", async () => {
  const fixture = new Fixture();
  fixture.wait("a");
  fixture.free = 1;
  await fixture.clock.advance(100);
  assertEquals(fixture.ends, ["a served"]);
});

Deno.test("WaitingQueue.wait() ends when it is canceled, and others move up", async () => {
  const fixture = new Fixture(2);
  const cancellation = new Cancellation();
  fixture.wait("a", { cancellation });
  fixture.wait("b");
  cancellation.cancel(new BalancerError("client_gone", "test"));
  await settle();
  assertEquals([fixture.ends, fixture.queue.length], [["a client_gone"], 1]);
  await fixture.release();
  assertEquals(fixture.ends.at(-1), "b served");
  await fixture.wait("c", { cancellation });
  assertEquals([fixture.ends.at(-1), fixture.queue.length], ["c client_gone", 0]);
});

Deno.test("WaitingQueue gives nothing to a request that is canceled at the same moment", async () => {
  const fixture = new Fixture();
  const cancellation = new Cancellation();
  fixture.wait("a", { cancellation });
  fixture.wait("b");
  cancellation.cancel(new BalancerError("client_gone", "test"));
  await fixture.release();
  assertEquals(fixture.ends.toSorted(), ["a client_gone", "b served"]);
  assertEquals([fixture.taken, fixture.free], [1, 0]);
});

Deno.test("WaitingQueue gives nothing to a request whose time is over in the same tick", async () => {
  const fixture = new Fixture();
  fixture.wait("a");
  // The last poll before the end finds nothing; one in the same tick would.
  await fixture.clock.advance(2050);
  fixture.free = 1;
  await fixture.clock.advance(150);
  assertEquals([fixture.ends, fixture.taken, fixture.free], [["a queue_timeout"], 0, 1]);
});

Deno.test("WaitingQueue.wait() ends without a server if there is none to wait for", async () => {
  const fixture = new Fixture();
  let picked: Pick = "full";
  fixture.wait("a", { pick: () => picked });
  await settle();
  assertEquals(fixture.ends, []);
  picked = undefined;
  await fixture.clock.advance(100);
  assertEquals(fixture.ends, ["a none"]);
});

Deno.test("WaitingQueue passes over a request that waits for certain servers, not over others", async () => {
  const fixture = new Fixture();
  let asked = 0;
  const busy: () => Pick = () => (asked++, "full");
  fixture.wait("retry", { firstAttempt: false, pick: busy });
  fixture.wait("a", { pick: busy });
  fixture.wait("b");
  asked = 0;
  await fixture.release();
  // Both have picked, and b had to wait for a.
  assertEquals([asked, fixture.ends], [2, []]);
  const other = new Fixture();
  other.wait("retry", { firstAttempt: false, pick: () => "full" });
  other.wait("a");
  await other.release();
  assertEquals(other.ends, ["a served"]);
});
