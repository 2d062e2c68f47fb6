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

/** Indices in the header. */
const GENERATION = 0;
const END = 1;
const HEARTBEATS = 2;

/** A slot without a server. */
const FREE = 0;
/** A slot of a server that takes no requests yet. */
const RESERVED = 1;
/** A slot of a server that may take requests. */
const OPEN = 2;

/** Full share of a server's weight, in thousandths. */
const FULL_SHARE = 1000;

/**
 * State of the servers that picks depend on, as columns of numbers with a slot for each server.
 *
 * It is all that the control plane, which owns the servers and checks their health, and the data plane,
 * which picks and counts, share. Several threads can each have a table over the same memory: one of
 * them is the control plane, all of them count requests, and each sees the sums.
 *
 * Numbers that only one thread writes are accessed plainly: aligned 32-bit numbers do not tear, and a
 * pick may be a step behind another thread. Numbers that several threads write, and the generation by
 * which threads notice changes, are accessed through `Atomics`.
 */
export class StateTable {
  /** Memory of the table, which can be shared with other threads. */
  readonly memory: TableMemory;
  /** Number of the thread that counts in this table. */
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
   * @param memory Memory of the table, or the number of slots to allocate for a single thread.
   * @param thread Number of the thread that counts in this table, 0 to `memory.threads - 1`.
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

  /** Number of slots. */
  get capacity(): number {
    return this.memory.capacity;
  }

  /** See {@linkcode TableView}. */
  get generation(): number {
    return this.#alone ? this.#header[GENERATION]! : Atomics.load(this.#header, GENERATION);
  }

  /** See {@linkcode TableView}. */
  get end(): number {
    return Atomics.load(this.#header, END);
  }

  /** See {@linkcode TableView}. */
  get activity(): Int32Array | undefined {
    return this.#header[END]! < ACTIVITY_FROM ? undefined : this.#columns.activity;
  }

  /**
   * Allocates a slot for a new server, which is healthy and not open yet. A slot is free once the last
   * request of its previous server has ended, so that late completions never count for a new server.
   *
   * @param weight Weight of the server.
   * @param limit The most active requests; 0 for no limit. Default: 0.
   * @returns The slot, or -1 if none is free.
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

  /** Frees a slot. Its active requests are counted until they end. */
  release(slot: number): void {
    this.#columns.use[slot] = FREE;
    this.#changed();
  }

  /** Whether the server in this slot may take requests. */
  isOpen(slot: number): boolean {
    return this.#columns.use[slot] === OPEN;
  }

  /** Effective weight of the server in this slot: a fraction during slow start. */
  weight(slot: number): number {
    const share = this.#share[slot]!;
    const weight = this.#weight[slot]!;
    return share === FULL_SHARE ? weight : weight * share / FULL_SHARE;
  }

  /** Sets the configured weight of the server in this slot. */
  setWeight(slot: number, weight: number): void {
    if (this.#weight[slot] === weight) return;
    this.#weight[slot] = weight;
    this.#changed();
  }

  /** Sets the share of its weight that the server in this slot has, above 0 up to 1. */
  setShare(slot: number, share: number): void {
    const thousandths = Math.max(1, Math.round(share * FULL_SHARE));
    if (this.#share[slot] === thousandths) return;
    this.#share[slot] = thousandths;
    this.#changed();
  }

  /** The most active requests of the server in this slot; 0 for no limit. */
  limit(slot: number): number {
    return this.#limit[slot]!;
  }

  /** Sets the most active requests of the server in this slot; 0 for no limit. */
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

  /** Counts a failure of the server in this slot, and returns how many there were in a row. */
  countFailure(slot: number, kind: FailureKind): number {
    return Atomics.add(this.#failures[kind], slot, 1) + 1;
  }

  /** Resets the failures in a row of the server in this slot. */
  clearFailures(slot: number, kind: FailureKind): void {
    const failures = this.#failures[kind];
    // Nearly always 0 already, and a read is cheaper than a write to shared memory.
    if (failures[slot] !== 0) Atomics.store(failures, slot, 0);
  }

  /** Whether the server in this slot is healthy. */
  isHealthy(slot: number): boolean {
    return this.#columns.unhealthy[slot] === 0;
  }

  /** Sets whether the server in this slot is healthy. */
  setHealthy(slot: number, healthy: boolean): void {
    const unhealthy = healthy ? 0 : 1;
    if (this.#columns.unhealthy[slot] === unhealthy) return;
    this.#columns.unhealthy[slot] = unhealthy;
    this.#changed();
  }

  /** Number of active requests of the server in this slot, on all threads. */
  active(slot: number): number {
    return this.#active[slot]!;
  }

  /** Number of picks of the server in this slot, on all threads, each modulo 2³². */
  picked(slot: number): number {
    return this.#columns.picked.reduce((sum, column) => sum + column[slot]!, 0);
  }

  /**
   * Counts a request of this thread as active at the server in this slot.
   *
   * @returns False if the server is at its limit; then nothing is counted.
   */
  begin(slot: number): boolean {
    const limit = this.#limit[slot]!;
    if (this.#alone) {
      if (limit !== 0 && this.#active[slot]! >= limit) return false;
      this.#active[slot]! += 1;
      // A thread can be terminated at any call, so there is none between the two counts. Counted
      // before the comparison, as another thread may count at the same time.
    } else if (Atomics.add(this.#active, slot, 1) >= limit && limit !== 0) {
      Atomics.sub(this.#active, slot, 1);
      this.#countActivity(slot);
      return false;
    }
    this.#own[slot]! += 1;
    this.#picked[slot]! += 1;
    this.#countActivity(slot);
    return true;
  }

  /** Ends a request that {@linkcode begin} has counted on this thread. */
  finish(slot: number): void {
    this.#own[slot]! -= 1;
    if (this.#alone) this.#active[slot]! -= 1;
    else Atomics.sub(this.#active, slot, 1);
    this.#countActivity(slot);
  }

  /** Number of heartbeats of a thread, modulo 2³²; see {@linkcode countHeartbeat}. */
  heartbeats(thread: number): number {
    return Atomics.load(this.#header, HEARTBEATS + thread);
  }

  /** Counts a heartbeat of a thread. */
  countHeartbeat(thread: number): void {
    Atomics.add(this.#header, HEARTBEATS + thread, 1);
  }

  /**
   * Counts a change of active requests, after the change, so that no reader misses it. `END` is read
   * plainly, as it was set long before any thread can pick among so many servers.
   */
  #countActivity(slot: number): void {
    if (this.#header[END]! < ACTIVITY_FROM) return;
    if (this.#alone) this.#columns.activity[slot >> ACTIVITY_SHIFT]! += 1;
    else Atomics.add(this.#columns.activity, slot >> ACTIVITY_SHIFT, 1);
  }

  #changed(): void {
    Atomics.add(this.#header, GENERATION, 1);
  }
}
