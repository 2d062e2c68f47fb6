import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { Candidates } from "../../src/state/candidates.ts";
import { reclaimCounts } from "../../src/state/cross_thread_queue.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { ACTIVITY_SHIFT, allocateMemory, type TableMemory } from "../../src/state/table_memory.ts";
import { LeastConnections } from "../../src/policies/least_connections.ts";

/** Enough for three groups of blocks. */
const SERVERS = 2100;
const THREADS = 2;

/** Picks of one thread, by the index and by a scan of all candidates. */
class Thread {
  readonly table: StateTable;
  readonly open: number[] = [];
  readonly #candidates: Candidates;
  readonly #byIndex = new LeastConnections();
  readonly #byScan = new LeastConnections();

  constructor(memory: TableMemory, thread: number) {
    this.table = new StateTable(memory, thread);
    this.#candidates = new Candidates(this.table);
  }

  /**
   * Picks both ways; undefined if there is no candidate.
   *
   * @param tried Slots of the request's previous attempts.
   * @param meanwhile Action of another thread after the candidates were selected.
   */
  pick(tried: readonly number[], meanwhile?: () => void): number | undefined {
    const candidates = this.#candidates.select(tried);
    if (candidates.length === 0) return undefined;
    meanwhile?.();
    const { slots, length } = candidates;
    const picked = this.#byIndex.pick(candidates, this.table);
    // Without a version, so that the list is not kept.
    assertEquals(picked, this.#byScan.pick({ slots, length }, this.table));
    return picked;
  }

  begin(slot: number): void {
    if (this.table.begin(slot)) this.open.push(slot);
  }

  finish(choice: number): void {
    const [slot] = this.open.splice(choice % this.open.length, 1);
    if (slot !== undefined) this.table.finish(slot);
  }
}

function start(weights: readonly number[]): Thread[] {
  const memory = allocateMemory(SERVERS + 50, THREADS);
  const threads = Array.from({ length: THREADS }, (_, thread) => new Thread(memory, thread));
  const { table } = threads[0]!;
  for (let i = 0; i < SERVERS; i++) table.open(table.allocate(weights[i % weights.length]!));
  return threads;
}

const slot = fc.nat({ max: SERVERS - 1 });
const weight = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 1, max: 2 ** 32 - 1 }));
const times = fc.integer({ min: 1, max: 30 });
/** Changes of a server. */
const change = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant("weight" as const), weight }) },
  // Exact shares: otherwise the comparison of equal keys would depend on the order.
  fc.record({ type: fc.constant("share" as const), share: fc.constantFrom(1, 0.5, 0.25) }),
  fc.record({ type: fc.constant("health" as const), healthy: fc.boolean() }),
  fc.record({ type: fc.constant("health meanwhile" as const), healthy: fc.boolean() }),
  fc.record({ type: fc.constant("replace" as const), weight }),
  fc.record({ type: fc.constant("drain block" as const) }),
  fc.record({ type: fc.constant("limit" as const), limit: fc.nat({ max: 2 }) }),
  fc.record({ type: fc.constant("trial" as const) }),
);
/** Actions of a thread. */
const action = fc.oneof(
  { weight: 9, arbitrary: fc.record({ type: fc.constant("pick" as const), times }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("pick only" as const), times }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("retry" as const),
      tried: fc.array(slot, { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("begin" as const), slot }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("fill" as const), slot }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant("finish" as const), slot, times }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("reclaim" as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("change" as const), slot, change }) },
);
const steps = fc.array(
  fc.record({ thread: fc.nat({ max: THREADS - 1 }), action }),
  { maxLength: 60, size: "max" },
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

function changeServer(table: StateTable, slot: number, change: Change): void {
  if (change.type === "weight") table.setWeight(slot, change.weight);
  if (change.type === "share") table.setShare(slot, change.share);
  if (change.type === "health") table.setHealthy(slot, change.healthy);
  if (change.type === "limit") table.setLimit(slot, change.limit);
  if (change.type === "trial") table.setEjectionState(slot, "probing");
  if (change.type === "drain block") {
    const from = slot >> ACTIVITY_SHIFT << ACTIVITY_SHIFT;
    for (let i = 0; i < 2 ** ACTIVITY_SHIFT; i++) table.setWeight(from + i, 0);
  }
  if (change.type === "replace" && table.isOpen(slot)) {
    table.release(slot);
    const newcomer = table.allocate(change.weight);
    if (newcomer !== -1) table.open(newcomer);
  }
}

function take(threads: readonly Thread[], thread: Thread, action: Action): void {
  switch (action.type) {
    case "pick":
      for (let i = 0; i < action.times; i++) {
        const picked = thread.pick([]);
        if (picked !== undefined) thread.begin(picked);
      }
      break;
    case "pick only":
      for (let i = 0; i < action.times; i++) thread.pick([]);
      break;
    case "retry":
      // In sequence, so that candidates of an earlier attempt would be noticed.
      for (const i of action.tried.keys()) thread.pick(action.tried.slice(i));
      break;
    case "begin":
      thread.begin(action.slot);
      break;
    case "fill":
      for (let slot = 0; slot < action.slot; slot++) thread.begin(slot);
      break;
    case "finish":
      for (let i = 0; i < action.times; i++) thread.finish(action.slot);
      break;
    case "reclaim":
      reclaimCounts(threads[0]!.table, thread.table.thread);
      thread.open.length = 0;
      break;
    case "change":
      if (action.change.type === "health meanwhile") {
        const { healthy } = action.change;
        thread.pick([], () => threads[0]!.table.setHealthy(action.slot, healthy));
      } else {
        changeServer(threads[0]!.table, action.slot, action.change);
      }
      for (const each of threads) each.pick([]);
      // With a limit, no pick would use the index.
      threads[0]!.table.setLimit(action.slot, 0);
      threads[0]!.table.setEjectionState(action.slot, "active");
      break;
  }
}

Deno.test("BlockMinIndex.find() finds the same as a scan of all candidates", () => {
  fc.assert(
    fc.property(
      fc.array(weight, { minLength: 1, maxLength: 5 }).filter((weights) =>
        Math.max(...weights) > 0
      ),
      steps,
      (weights, steps) => {
        const threads = start(weights);
        for (const { thread, action } of steps) take(threads, threads[thread]!, action);
        for (const thread of threads) {
          thread.pick([]);
          thread.pick([]);
        }
      },
    ),
    { numRuns: 200 },
  );
});
