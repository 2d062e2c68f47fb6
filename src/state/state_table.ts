import {
  ACTIVE,
  EJECTED,
  EJECTION_STATES,
  type EjectionState,
  type FailureKind,
  PROBING,
} from "../model/ejection_state.ts";
import {
  ACTIVITY_FROM,
  ACTIVITY_SHIFT,
  allocateMemory,
  DEFAULT_CAPACITY,
  layOut,
  type TableColumns,
  type TableMemory,
} from "./table_memory.ts";
import { clearTraffic } from "./traffic_table.ts";

/** Where in the header the numbers of the table as a whole are. */
const GENERATION = 0;
const END = 1;
const PULSES = 2;

/** What a slot is used for. */
const FREE = 0;
/** It has a server that takes no requests yet. */
const RESERVED = 1;
/** It has a server. */
const OPEN = 2;

/** The full share of a server's weight, in thousandths. */
const FULL_SHARE = 1000;

/**
 * What the policy needs to know of every server, as columns of numbers with one slot a server.
 *
 * This is all that the control plane (which owns the servers and checks their health) and the data
 * plane (which picks and counts) share. Several threads can have a table each over one memory: then
 * one of them is the control plane, all of them count, and every one sees the sum.
 *
 * What one thread writes and others only read is read and written plainly: aligned numbers of 32
 * bits do not tear, and a pick does not mind that another thread is a step ahead. Only what several
 * threads write, and the generation by which they notice changes, goes through `Atomics`.
 */
export class StateTable {
  /** What the table stands on, for other threads. */
  readonly memory: TableMemory;
  /** The number of the thread that counts in this table. */
  readonly thread: number;
  /** Whether no other thread has a table over this memory. */
  readonly #alone: boolean;
  readonly #columns: TableColumns;
  readonly #header: Int32Array;
  readonly #weight: Uint32Array;
  readonly #share: Uint32Array;
  readonly #limit: Uint32Array;
  readonly #ejectionState: Int32Array;
  readonly #failures: Readonly<Record<FailureKind, Int32Array>>;
  readonly #active: Int32Array;
  readonly #own: Int32Array;
  readonly #picked: Uint32Array;

  /**
   * @param memory What to stand on, or the number of slots of a table of its own.
   * @param thread The number of the thread that counts in this table, 0 to `memory.threads - 1`.
   */
  constructor(memory: TableMemory | number = DEFAULT_CAPACITY, thread = 0) {
    this.memory = typeof memory === "number" ? allocateMemory(memory, 1) : memory;
    this.thread = thread;
    this.#alone = this.memory.threads === 1;
    this.#columns = layOut(this.memory);
    this.#header = this.#columns.header;
    this.#weight = this.#columns.weight;
    this.#share = this.#columns.share;
    this.#limit = this.#columns.limit;
    this.#ejectionState = this.#columns.ejectionState;
    this.#failures = {
      connection: this.#columns.connectionFailures,
      response: this.#columns.responseFailures,
    };
    this.#active = this.#columns.active;
    this.#own = this.#columns.own[thread]!;
    this.#picked = this.#columns.picked[thread]!;
  }

  /** The number of slots. */
  get capacity(): number {
    return this.memory.capacity;
  }

  /**
   * Changes whenever the set of servers, a weight or a health does. Whoever derives something from
   * those can keep it until this number is another.
   */
  get generation(): number {
    return this.#alone ? this.#header[GENERATION]! : Atomics.load(this.#header, GENERATION);
  }

  /** One more than the highest slot that was ever used. */
  get end(): number {
    return Atomics.load(this.#header, END);
  }

  /** See {@linkcode TableView}. */
  get activity(): Int32Array | undefined {
    return this.#header[END]! < ACTIVITY_FROM ? undefined : this.#columns.activity;
  }

  /**
   * Takes a free slot for a new server: healthy, nothing active, and not open yet. A slot is free
   * when no server has it and the last request of the server that had it is over, so that late
   * completions never count against a newcomer.
   *
   * @param weight The server's weight.
   * @param limit The most requests that it works on at once; 0 for no limit. Default: 0.
   * @returns The slot, or -1 when there is none free.
   */
  allocate(weight: number, limit = 0): number {
    const { use, unhealthy, picked } = this.#columns;
    const end = this.end;
    let slot = 0;
    while (slot < end && (use[slot] !== FREE || this.active(slot) !== 0)) slot++;
    if (slot === this.capacity) return -1;
    use[slot] = RESERVED;
    this.#weight[slot] = weight;
    this.#limit[slot] = limit;
    unhealthy[slot] = 0;
    this.#share[slot] = FULL_SHARE;
    this.#ejectionState[slot] = ACTIVE;
    this.clearFailures(slot, "connection");
    this.clearFailures(slot, "response");
    for (const column of picked) column[slot] = 0;
    clearTraffic(this.memory, slot);
    if (slot === end) Atomics.store(this.#header, END, end + 1);
    return slot;
  }

  /** Lets the server in this slot take requests. */
  open(slot: number): void {
    this.#columns.use[slot] = OPEN;
    this.#changed();
  }

  /** Gives a slot back. Its active requests go on counting until they are over. */
  release(slot: number): void {
    this.#columns.use[slot] = FREE;
    this.#changed();
  }

  /** Whether the server in this slot may take requests. */
  isOpen(slot: number): boolean {
    return this.#columns.use[slot] === OPEN;
  }

  /**
   * The weight of the server in this slot: a whole number, but for a server that has less than its
   * full share for a while.
   */
  weight(slot: number): number {
    const share = this.#share[slot]!;
    const weight = this.#weight[slot]!;
    return share === FULL_SHARE ? weight : weight * share / FULL_SHARE;
  }

  /** Sets the weight of the server in this slot. */
  setWeight(slot: number, weight: number): void {
    if (this.#weight[slot] === weight) return;
    this.#weight[slot] = weight;
    this.#changed();
  }

  /** Gives the server in this slot a share of its weight only, above 0 up to 1. */
  setShare(slot: number, share: number): void {
    const thousandths = Math.max(1, Math.round(share * FULL_SHARE));
    if (this.#share[slot] === thousandths) return;
    this.#share[slot] = thousandths;
    this.#changed();
  }

  /** The most requests that the server in this slot works on at once; 0 for no limit. */
  limit(slot: number): number {
    return this.#limit[slot]!;
  }

  /** Sets the most requests that the server in this slot works on at once; 0 for no limit. */
  setLimit(slot: number, limit: number): void {
    if (this.#limit[slot] === limit) return;
    this.#limit[slot] = limit;
    this.#changed();
  }

  /** Ejection state of the server in this slot. */
  ejectionState(slot: number): EjectionState {
    return EJECTION_STATES[this.#ejectionState[slot]!]!;
  }

  /** Sets the ejection state of the server in this slot. */
  setEjectionState(slot: number, ejectionState: EjectionState): void {
    const number = EJECTION_STATES.indexOf(ejectionState);
    if (this.#ejectionState[slot] === number) return;
    this.#ejectionState[slot] = number;
    this.#changed();
  }

  /** Whether the server in this slot gets one request at a time. */
  isProbing(slot: number): boolean {
    return this.#ejectionState[slot] === PROBING;
  }

  /** Whether the server in this slot is healthy and not ejected. */
  isTrusted(slot: number): boolean {
    return this.isHealthy(slot) && this.#ejectionState[slot] !== EJECTED;
  }

  /** Counts a failure of the server in this slot, and tells how many there were in a row. */
  countFailure(slot: number, kind: FailureKind): number {
    return Atomics.add(this.#failures[kind], slot, 1) + 1;
  }

  /** The server in this slot has not failed: its failures are no longer in a row. */
  clearFailures(slot: number, kind: FailureKind): void {
    const failures = this.#failures[kind];
    // Almost always there are none, and looking is cheaper than writing what others read.
    if (failures[slot] !== 0) Atomics.store(failures, slot, 0);
  }

  /** Whether the server in this slot counts as healthy. */
  isHealthy(slot: number): boolean {
    return this.#columns.unhealthy[slot] === 0;
  }

  /** Says whether the server in this slot counts as healthy. */
  setHealthy(slot: number, healthy: boolean): void {
    const unhealthy = healthy ? 0 : 1;
    if (this.#columns.unhealthy[slot] === unhealthy) return;
    this.#columns.unhealthy[slot] = unhealthy;
    this.#changed();
  }

  /** How many requests the server in this slot is working on, those of all threads. */
  active(slot: number): number {
    return this.#active[slot]!;
  }

  /** How many requests all threads gave to the server in this slot, each modulo 2³². */
  picked(slot: number): number {
    return this.#columns.picked.reduce((sum, column) => sum + column[slot]!, 0);
  }

  /**
   * Counts a request that this thread gives to the server in this slot.
   *
   * @returns False where the server works on as many as it may already; then nothing is counted.
   */
  begin(slot: number): boolean {
    const limit = this.#limit[slot]!;
    if (this.#alone) {
      if (limit !== 0 && this.#active[slot]! >= limit) return false;
      this.#active[slot]! += 1;
      // A thread can be ended between any two calls, so nothing is called between counting twice.
      // Another thread may have counted one since anyone looked, so counting comes before the look.
    } else if (Atomics.add(this.#active, slot, 1) >= limit && limit !== 0) {
      Atomics.sub(this.#active, slot, 1);
      this.#stir(slot);
      return false;
    }
    this.#own[slot]! += 1;
    this.#picked[slot]! += 1;
    this.#stir(slot);
    return true;
  }

  /** Counts the end of a request that {@linkcode begin} counted on this thread. */
  finish(slot: number): void {
    this.#own[slot]! -= 1;
    if (this.#alone) this.#active[slot]! -= 1;
    else Atomics.sub(this.#active, slot, 1);
    this.#stir(slot);
  }

  /** A number that a thread which is alive keeps changing; see {@linkcode beat}. */
  pulse(thread: number): number {
    return Atomics.load(this.#header, PULSES + thread);
  }

  /** Shows that a thread is alive. */
  beat(thread: number): void {
    Atomics.add(this.#header, PULSES + thread, 1);
  }

  /**
   * Says that an active was changed, after it was: who sees this first would miss that. The end is
   * read plainly, as it was there long before any other thread can have found so many candidates.
   */
  #stir(slot: number): void {
    if (this.#header[END]! < ACTIVITY_FROM) return;
    if (this.#alone) this.#columns.activity[slot >> ACTIVITY_SHIFT]! += 1;
    else Atomics.add(this.#columns.activity, slot >> ACTIVITY_SHIFT, 1);
  }

  #changed(): void {
    Atomics.add(this.#header, GENERATION, 1);
  }
}
