import type { CandidateList } from "../state/candidates.ts";
import { ACTIVITY_SHIFT } from "../state/table_memory.ts";
import type { TableView } from "../state/table_view.ts";
import { leastLoaded } from "./least_loaded.ts";

/** Number of blocks in a group, as a power of two. */
const GROUP_SHIFT = 4;

/** Minimum of a block without candidates, which loses against any server. */
const NO_CANDIDATE = { load: 1, weight: 0, nextTurn: Infinity };

/**
 * Index of the least loaded candidate among many. It keeps the minimum of each block of slots while
 * nothing changes there: a pick scans the servers of the blocks in which requests began or ended
 * since the last one, and compares the minimum of each other block.
 */
export class BlockMinIndex {
  /** The candidates that were divided into blocks. */
  #list: CandidateList | undefined;
  #version: number | undefined;
  /** Candidates of each block. */
  #blocks: readonly CandidateList[] = [];
  /** Activity of each block when its minimum was found. */
  #seen = new Int32Array(0);
  /** Slot of each block's minimum. */
  #slots = new Int32Array(0);
  /** Its load before the division by its weight; 0 without an active request. */
  #loads = new Float64Array(0);
  /** Its weight. */
  #weights = new Float64Array(0);
  /** Virtual time of its next turn. */
  #nextTurns = new Float64Array(0);
  /** For each group of blocks, the block with the smallest minimum. */
  #groupMinima = new Int32Array(0);
  /** The numbers of all blocks. */
  #numbers = new Int32Array(0);

  /**
   * The same as {@linkcode leastLoaded}, and as slow where the list is not kept or the table has no
   * activity.
   */
  find(candidates: CandidateList, table: TableView, nextTurns: Float64Array): number {
    const { version } = candidates;
    const { activity } = table;
    if (version === undefined || activity === undefined) {
      return leastLoaded(candidates, table, nextTurns);
    }
    if (candidates !== this.#list || version !== this.#version) this.#divide(candidates, activity);
    const seen = this.#seen;
    let block = firstChange(activity, seen, 0);
    while (block < seen.length) {
      this.#update(block, { activity, table, nextTurns });
      const group = block >> GROUP_SHIFT;
      const from = group << GROUP_SHIFT;
      this.#groupMinima[group] = this.#least(this.#numbers, from, from + 2 ** GROUP_SHIFT);
      block = firstChange(activity, seen, block + 1);
    }
    return this.#slots[this.#least(this.#groupMinima, 0, this.#groupMinima.length)]!;
  }

  /** Invalidates the block of a slot whose next turn has changed. */
  touch(slot: number): void {
    const block = slot >> ACTIVITY_SHIFT;
    // Activity only grows, so that it will not be this number again.
    if (block < this.#seen.length) this.#seen[block]! -= 1;
  }

  /** Invalidates all blocks, after a change of turns, weights or servers. */
  clear(): void {
    this.#list = undefined;
  }

  #divide(candidates: CandidateList, activity: Int32Array): void {
    const { slots, length, version } = candidates;
    const count = (slots[length - 1]! >> ACTIVITY_SHIFT) + 1;
    const blocks: CandidateList[] = [];
    let from = 0;
    for (let block = 0; block < count; block++) {
      let to = from;
      while (to < length && slots[to]! >> ACTIVITY_SHIFT === block) to++;
      blocks.push({ slots: slots.subarray(from, to), length: to - from });
      from = to;
    }
    this.#blocks = blocks;
    this.#list = candidates;
    this.#version = version;
    this.#seen = activity.slice(0, count);
    for (let block = 0; block < count; block++) this.#seen[block]! -= 1;
    this.#slots = new Int32Array(count).fill(slots[0]!);
    this.#loads = new Float64Array(count).fill(NO_CANDIDATE.load);
    this.#weights = new Float64Array(count).fill(NO_CANDIDATE.weight);
    this.#nextTurns = new Float64Array(count).fill(NO_CANDIDATE.nextTurn);
    this.#numbers = Int32Array.from({ length: count }, (_, block) => block);
    this.#groupMinima = Int32Array.from(
      { length: (count - 1 >> GROUP_SHIFT) + 1 },
      (_, i) => i << GROUP_SHIFT,
    );
  }

  /** Finds the minimum of a block. */
  #update(
    block: number,
    { activity, table, nextTurns }: {
      activity: Int32Array;
      table: TableView;
      nextTurns: Float64Array;
    },
  ): void {
    // Read before the servers: a concurrent change must make the block differ again.
    this.#seen[block] = Atomics.load(activity, block);
    const candidates = this.#blocks[block]!;
    if (candidates.length > 0) {
      const slot = leastLoaded(candidates, table, nextTurns);
      const active = table.active(slot);
      this.#slots[block] = slot;
      this.#loads[block] = active === 0 ? 0 : active + 1;
      this.#weights[block] = table.weight(slot);
      this.#nextTurns[block] = nextTurns[slot]!;
    }
  }

  /** The block with the smallest minimum among some blocks. */
  #least(blocks: Int32Array, from: number, to: number): number {
    const loads = this.#loads;
    const weights = this.#weights;
    const nextTurns = this.#nextTurns;
    const end = Math.min(to, blocks.length);
    let least = blocks[from]!;
    for (let i = from + 1; i < end; i++) {
      const block = blocks[i]!;
      const left = loads[block]! * weights[least]!;
      const right = loads[least]! * weights[block]!;
      if (left > right || left === right && nextTurns[block]! >= nextTurns[least]!) continue;
      least = block;
    }
    return least;
  }
}

/**
 * The first block at or after `from` whose activity has changed; behind the last one if there is none.
 * A loop without calls, as a pick runs it over every block.
 */
function firstChange(activity: Int32Array, seen: Int32Array, from: number): number {
  let block = from;
  while (block < seen.length && activity[block] === seen[block]) block++;
  return block;
}
