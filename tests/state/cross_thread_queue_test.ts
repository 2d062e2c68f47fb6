import { assert, assertEquals } from "@std/assert";
import { giveBack } from "../../src/state/reclaim_counts.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { allocateMemory, layOut, type TableMemory } from "../../src/state/table_memory.ts";
import { WaitingRoom } from "../../src/state/cross_thread_queue.ts";
import { KeptAlive } from "../testing/kept_alive.ts";
import { until } from "../testing/until.ts";

/** The rooms of so many threads over one memory. */
function roomsFor(threads: number): { memory: TableMemory; rooms: WaitingRoom[] } {
  const memory = allocateMemory(4, threads);
  const rooms = Array.from({ length: threads }, (_, thread) => new WaitingRoom(memory, thread));
  return { memory, rooms };
}

/** A room that listens, and what is heard there. */
class Ear {
  calls = 0;
  /** How many places it was called for. */
  places = 0;
  readonly room: WaitingRoom;
  #heard = Promise.withResolvers<void>();

  constructor(room: WaitingRoom) {
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

Deno.test("WaitingRoom.draw() gives tickets in the order of all threads, never 0", () => {
  const { memory, rooms: [one, two] } = roomsFor(2);
  assertEquals([one!.draw(), two!.draw(), one!.draw()], [1, 2, 3]);
  layOut(memory).room[0] = -2;
  assertEquals([two!.draw(), one!.draw(), two!.draw()], [-1, 1, 2]);
});

Deno.test("WaitingRoom.elder() finds the thread with the oldest ticket, other than its own", () => {
  const { rooms: [one, two, three] } = roomsFor(3);
  assertEquals(one!.elder(0), -1);
  two!.show(7);
  three!.show(5);
  one!.show(1);
  assertEquals([one!.elder(0), one!.elder(6), one!.elder(5), one!.elder(4)], [2, 2, -1, -1]);
  assertEquals([two!.elder(7), three!.elder(5)], [0, 0]);
  one!.show(0);
  assertEquals([two!.elder(7), three!.elder(5), three!.elder(0)], [2, -1, 1]);
});

Deno.test("WaitingRoom.elder() is not misled where the numbers of tickets begin anew", () => {
  const { memory, rooms: [one, two] } = roomsFor(2);
  layOut(memory).room[0] = 0x7fff_fffe;
  const [older, younger] = [one!.draw(), two!.draw()];
  assert(younger < older);
  one!.show(older);
  two!.show(younger);
  assertEquals([one!.elder(older), two!.elder(younger)], [-1, 0]);
});

Deno.test("WaitingRoom.crowded says whether anybody waits, with any number of threads", () => {
  for (const threads of [2, 32, 33, 70]) {
    const { rooms } = roomsFor(threads);
    for (const room of rooms) {
      assertEquals(rooms[0]!.crowded, false);
      room.show(3);
      room.show(4);
      assertEquals(rooms.every(({ crowded }) => crowded), true);
      room.show(0);
    }
    rooms[0]!.show(1);
    rooms.at(-1)!.show(2);
    rooms[0]!.show(0);
    assertEquals(rooms[0]!.crowded, true);
  }
});

Deno.test("WaitingRoom.call() reaches the thread that it is for, again and again", async () => {
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

Deno.test("WaitingRoom.ignore() calls nothing, and passes on a call that was on its way", async () => {
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

Deno.test("WaitingRoom.ignore() leaves no wait behind, and listen() never has two", () => {
  const { memory, rooms: [, two] } = roomsFor(2);
  const ear = new Ear(two!);
  const { room } = layOut(memory);
  const cell = 1 + 2 + 1;
  ear.listen();
  // It tells how many waits it has ended.
  assertEquals(Atomics.notify(room, cell), 1);
  const left = new Ear(new WaitingRoom(memory, 1));
  left.room.ignore();
  assertEquals(Atomics.notify(room, cell), 0);
});

Deno.test("giveBack() takes a dead thread out of the queue, and calls the next", async () => {
  await using _ = new KeptAlive();
  const { memory, rooms: [one, two, three] } = roomsFor(3);
  const table = new StateTable(memory, 0);
  const slot = table.allocate(1);
  for (let places = 0; places < 3; places++) new StateTable(memory, 2).begin(slot);
  three!.show(1);
  two!.show(2);
  assertEquals(one!.elder(0), 2);
  const second = new Ear(two!);
  const heard = second.heard();
  giveBack(table, 2);
  await heard;
  assertEquals([second.calls, second.places], [1, 3]);
  assertEquals([one!.elder(0), two!.elder(0), one!.crowded], [1, -1, true]);
  two!.show(0);
  assertEquals(one!.crowded, false);
  second.room.ignore();
});

Deno.test("a new WaitingRoom begins with nobody, where a thread takes another's place", () => {
  const { memory, rooms: [one, two] } = roomsFor(2);
  two!.show(1);
  assertEquals([one!.elder(0), one!.crowded], [1, true]);
  new WaitingRoom(memory, 1);
  assertEquals([one!.elder(0), one!.crowded], [-1, false]);
});
