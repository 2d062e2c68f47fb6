import { assert, assertEquals } from "@std/assert";
import { StateTable } from "../../src/state/state_table.ts";
import { allocateMemory, layOut, type TableMemory } from "../../src/state/table_memory.ts";
import { CrossThreadQueue, reclaimCounts } from "../../src/state/cross_thread_queue.ts";
import { KeptAlive } from "../testing/kept_alive.ts";
import { until } from "../testing/until.ts";

/** The queues of several threads over one memory. */
function queuesFor(threads: number): { memory: TableMemory; queues: CrossThreadQueue[] } {
  const memory = allocateMemory(4, threads);
  const queues = Array.from(
    { length: threads },
    (_, thread) => new CrossThreadQueue(memory, thread),
  );
  return { memory, queues };
}

/** A queue that listens, and the calls it has received. */
class Listener {
  calls = 0;
  /** Number of freed servers it was called for. */
  freed = 0;
  readonly queue: CrossThreadQueue;
  #called = Promise.withResolvers<void>();

  constructor(queue: CrossThreadQueue) {
    this.queue = queue;
    this.listen();
  }

  listen(): void {
    this.queue.listen((freed) => {
      this.calls++;
      this.freed += freed;
      this.#called.resolve();
      this.#called = Promise.withResolvers<void>();
    });
  }

  /** Waits for the next call. */
  nextCall(): Promise<void> {
    return this.#called.promise;
  }
}

Deno.test("CrossThreadQueue.takeTicket() returns tickets in the order of all threads, never 0", () => {
  const { memory, queues: [one, two] } = queuesFor(2);
  assertEquals([one!.takeTicket(), two!.takeTicket(), one!.takeTicket()], [1, 2, 3]);
  layOut(memory).crossThreadQueue[0] = -2;
  assertEquals([two!.takeTicket(), one!.takeTicket(), two!.takeTicket()], [-1, 1, 2]);
});

Deno.test("CrossThreadQueue.threadWithOlderTicket() finds the thread with the oldest ticket, other than its own", () => {
  const { queues: [one, two, three] } = queuesFor(3);
  assertEquals(one!.threadWithOlderTicket(0), -1);
  two!.publishOldest(7);
  three!.publishOldest(5);
  one!.publishOldest(1);
  assertEquals([
    one!.threadWithOlderTicket(0),
    one!.threadWithOlderTicket(6),
    one!.threadWithOlderTicket(5),
    one!.threadWithOlderTicket(4),
  ], [2, 2, -1, -1]);
  assertEquals([two!.threadWithOlderTicket(7), three!.threadWithOlderTicket(5)], [0, 0]);
  one!.publishOldest(0);
  assertEquals([
    two!.threadWithOlderTicket(7),
    three!.threadWithOlderTicket(5),
    three!.threadWithOlderTicket(0),
  ], [2, -1, 1]);
});

Deno.test("CrossThreadQueue.threadWithOlderTicket() handles tickets that wrap around", () => {
  const { memory, queues: [one, two] } = queuesFor(2);
  layOut(memory).crossThreadQueue[0] = 0x7fff_fffe;
  const [older, younger] = [one!.takeTicket(), two!.takeTicket()];
  assert(younger < older);
  one!.publishOldest(older);
  two!.publishOldest(younger);
  assertEquals([one!.threadWithOlderTicket(older), two!.threadWithOlderTicket(younger)], [-1, 0]);
});

Deno.test("CrossThreadQueue.crowded is true while requests wait, with any number of threads", () => {
  for (const threads of [2, 32, 33, 70]) {
    const { queues } = queuesFor(threads);
    for (const room of queues) {
      assertEquals(queues[0]!.crowded, false);
      room.publishOldest(3);
      room.publishOldest(4);
      assertEquals(queues.every(({ crowded }) => crowded), true);
      room.publishOldest(0);
    }
    queues[0]!.publishOldest(1);
    queues.at(-1)!.publishOldest(2);
    queues[0]!.publishOldest(0);
    assertEquals(queues[0]!.crowded, true);
  }
});

Deno.test("CrossThreadQueue.call() reaches its thread, again and again", async () => {
  await using _ = new KeptAlive();
  const { queues: [one, two, three] } = queuesFor(3);
  const [second, third] = [new Listener(two!), new Listener(three!)];
  for (let calls = 1; calls <= 3; calls++) {
    const heard = second.nextCall();
    one!.call(1);
    await heard;
    assertEquals([second.calls, third.calls], [calls, 0]);
  }
  // No call is lost while another one is on its way.
  const heard = second.nextCall();
  one!.call(1, 2);
  three!.call(1);
  await heard;
  one!.call(1);
  await until("7 freed", () => second.freed >= 3 + 4);
  assertEquals(second.freed, 3 + 4);
  second.queue.ignore();
  third.queue.ignore();
});

Deno.test("CrossThreadQueue.ignore() stops calls, except for one that was on its way", async () => {
  await using _ = new KeptAlive();
  const { queues: [one, two] } = queuesFor(2);
  const [first, second] = [new Listener(one!), new Listener(two!)];
  second.queue.ignore();
  const heard = first.nextCall();
  one!.call(0);
  await heard;
  assertEquals(second.calls, 0);
  second.listen();
  const late = second.nextCall();
  one!.call(1);
  second.queue.ignore();
  await late;
  assertEquals(second.calls, 1);
  // No thread listens any more.
  one!.call(1);
  const again = first.nextCall();
  one!.call(0);
  await again;
  assertEquals(second.calls, 1);
  first.queue.ignore();
});

Deno.test("CrossThreadQueue.ignore() ends the wait, and listen() never starts two", () => {
  const { memory, queues: [, two] } = queuesFor(2);
  const listener = new Listener(two!);
  const { crossThreadQueue: cells } = layOut(memory);
  const cell = 1 + 2 + 1;
  listener.listen();
  // The number of waits that it has ended.
  assertEquals(Atomics.notify(cells, cell), 1);
  const left = new Listener(new CrossThreadQueue(memory, 1));
  left.queue.ignore();
  assertEquals(Atomics.notify(cells, cell), 0);
});

Deno.test("reclaimCounts() removes a dead thread from the queue, and calls the next one", async () => {
  await using _ = new KeptAlive();
  const { memory, queues: [one, two, three] } = queuesFor(3);
  const table = new StateTable(memory, 0);
  const slot = table.allocate(1);
  for (let freed = 0; freed < 3; freed++) new StateTable(memory, 2).begin(slot);
  three!.publishOldest(1);
  two!.publishOldest(2);
  assertEquals(one!.threadWithOlderTicket(0), 2);
  const second = new Listener(two!);
  const heard = second.nextCall();
  reclaimCounts(table, 2);
  await heard;
  assertEquals([second.calls, second.freed], [1, 3]);
  assertEquals([one!.threadWithOlderTicket(0), two!.threadWithOlderTicket(0), one!.crowded], [
    1,
    -1,
    true,
  ]);
  two!.publishOldest(0);
  assertEquals(one!.crowded, false);
  second.queue.ignore();
});

Deno.test("a new CrossThreadQueue forgets the requests of an earlier thread", () => {
  const { memory, queues: [one, two] } = queuesFor(2);
  two!.publishOldest(1);
  assertEquals([one!.threadWithOlderTicket(0), one!.crowded], [1, true]);
  new CrossThreadQueue(memory, 1);
  assertEquals([one!.threadWithOlderTicket(0), one!.crowded], [-1, false]);
});
