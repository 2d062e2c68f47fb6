import { assert, assertEquals } from "@std/assert";
import { reclaimCounts } from "../../src/state/reclaim_counts.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { allocateMemory, layOut, type TableMemory } from "../../src/state/table_memory.ts";
import { CrossThreadQueue } from "../../src/state/cross_thread_queue.ts";
import { KeptAlive } from "../testing/kept_alive.ts";
import { until } from "../testing/until.ts";

/** The rooms of so many threads over one memory. */
function roomsFor(threads: number): { memory: TableMemory; rooms: CrossThreadQueue[] } {
  const memory = allocateMemory(4, threads);
  const rooms = Array.from(
    { length: threads },
    (_, thread) => new CrossThreadQueue(memory, thread),
  );
  return { memory, rooms };
}

/** A room that listens, and what is heard there. */
class Ear {
  calls = 0;
  /** How many places it was called for. */
  places = 0;
  readonly room: CrossThreadQueue;
  #heard = Promise.withResolvers<void>();

  constructor(room: CrossThreadQueue) {
    this.room = room;
    this.listen();
  }

  listen(): void {
    this.room.listen((places) => {
      this.calls++;
      this.places += places;
      this.#heard.resolve();
      this.#heard = Promise.withResolvers<void>();
    });
  }

  /** Waits for the next call. */
  heard(): Promise<void> {
    return this.#heard.promise;
  }
}

Deno.test("CrossThreadQueue.draw() gives tickets in the order of all threads, never 0", () => {
  const { memory, rooms: [one, two] } = roomsFor(2);
  assertEquals([one!.takeTicket(), two!.takeTicket(), one!.takeTicket()], [1, 2, 3]);
  layOut(memory).crossThreadQueue[0] = -2;
  assertEquals([two!.takeTicket(), one!.takeTicket(), two!.takeTicket()], [-1, 1, 2]);
});

Deno.test("CrossThreadQueue.elder() finds the thread with the oldest ticket, other than its own", () => {
  const { rooms: [one, two, three] } = roomsFor(3);
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

Deno.test("CrossThreadQueue.elder() is not misled where the numbers of tickets begin anew", () => {
  const { memory, rooms: [one, two] } = roomsFor(2);
  layOut(memory).crossThreadQueue[0] = 0x7fff_fffe;
  const [older, younger] = [one!.takeTicket(), two!.takeTicket()];
  assert(younger < older);
  one!.publishOldest(older);
  two!.publishOldest(younger);
  assertEquals([one!.threadWithOlderTicket(older), two!.threadWithOlderTicket(younger)], [-1, 0]);
});

Deno.test("CrossThreadQueue.crowded says whether anybody waits, with any number of threads", () => {
  for (const threads of [2, 32, 33, 70]) {
    const { rooms } = roomsFor(threads);
    for (const room of rooms) {
      assertEquals(rooms[0]!.crowded, false);
      room.publishOldest(3);
      room.publishOldest(4);
      assertEquals(rooms.every(({ crowded }) => crowded), true);
      room.publishOldest(0);
    }
    rooms[0]!.publishOldest(1);
    rooms.at(-1)!.publishOldest(2);
    rooms[0]!.publishOldest(0);
    assertEquals(rooms[0]!.crowded, true);
  }
});

Deno.test("CrossThreadQueue.call() reaches the thread that it is for, again and again", async () => {
  await using _ = new KeptAlive();
  const { rooms: [one, two, three] } = roomsFor(3);
  const [second, third] = [new Ear(two!), new Ear(three!)];
  for (let calls = 1; calls <= 3; calls++) {
    const heard = second.heard();
    one!.call(1);
    await heard;
    assertEquals([second.calls, third.calls], [calls, 0]);
  }
  // No place gets lost, also while one call is on its way.
  const heard = second.heard();
  one!.call(1, 2);
  three!.call(1);
  await heard;
  one!.call(1);
  await until("7 places", () => second.places >= 3 + 4);
  assertEquals(second.places, 3 + 4);
  second.room.ignore();
  third.room.ignore();
});

Deno.test("CrossThreadQueue.ignore() calls nothing, and passes on a call that was on its way", async () => {
  await using _ = new KeptAlive();
  const { rooms: [one, two] } = roomsFor(2);
  const [first, second] = [new Ear(one!), new Ear(two!)];
  second.room.ignore();
  const heard = first.heard();
  one!.call(0);
  await heard;
  assertEquals(second.calls, 0);
  second.listen();
  const late = second.heard();
  one!.call(1);
  second.room.ignore();
  await late;
  assertEquals(second.calls, 1);
  // Nobody listens any more.
  one!.call(1);
  const again = first.heard();
  one!.call(0);
  await again;
  assertEquals(second.calls, 1);
  first.room.ignore();
});

Deno.test("CrossThreadQueue.ignore() leaves no wait behind, and listen() never has two", () => {
  const { memory, rooms: [, two] } = roomsFor(2);
  const ear = new Ear(two!);
  const { crossThreadQueue: cells } = layOut(memory);
  const cell = 1 + 2 + 1;
  ear.listen();
  // It tells how many waits it has ended.
  assertEquals(Atomics.notify(cells, cell), 1);
  const left = new Ear(new CrossThreadQueue(memory, 1));
  left.room.ignore();
  assertEquals(Atomics.notify(cells, cell), 0);
});

Deno.test("reclaimCounts() takes a dead thread out of the queue, and calls the next", async () => {
  await using _ = new KeptAlive();
  const { memory, rooms: [one, two, three] } = roomsFor(3);
  const table = new StateTable(memory, 0);
  const slot = table.allocate(1);
  for (let places = 0; places < 3; places++) new StateTable(memory, 2).begin(slot);
  three!.publishOldest(1);
  two!.publishOldest(2);
  assertEquals(one!.threadWithOlderTicket(0), 2);
  const second = new Ear(two!);
  const heard = second.heard();
  reclaimCounts(table, 2);
  await heard;
  assertEquals([second.calls, second.places], [1, 3]);
  assertEquals([one!.threadWithOlderTicket(0), two!.threadWithOlderTicket(0), one!.crowded], [
    1,
    -1,
    true,
  ]);
  two!.publishOldest(0);
  assertEquals(one!.crowded, false);
  second.room.ignore();
});

Deno.test("a new CrossThreadQueue begins with nobody, where a thread takes another's place", () => {
  const { memory, rooms: [one, two] } = roomsFor(2);
  two!.publishOldest(1);
  assertEquals([one!.threadWithOlderTicket(0), one!.crowded], [1, true]);
  new CrossThreadQueue(memory, 1);
  assertEquals([one!.threadWithOlderTicket(0), one!.crowded], [-1, false]);
});
