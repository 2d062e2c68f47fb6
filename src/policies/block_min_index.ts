import type { CandidateList } from "../state/candidates.ts";
import { ACTIVITY_SHIFT } from "../state/table_memory.ts";
import type { TableView } from "../state/table_view.ts";
import { leastLoaded } from "./least_loaded.ts";

/** How many blocks a group has, as a power of two. */
const GROUP_SHIFT = 4;

/** What stands for a block without candidates: it loses against any server. */
const NOBODY = { load: 1, weight: 0, mark: Infinity };

/**
 * Finds the least loaded candidate of many. Of each block of slots, the first in line is kept until
 * something happens there: a pick looks at all of a block's servers only where requests began or
 * ended since the last one, and at one server of each other block.
 */
export class BlockMinIndex {
  /** The list that is divided into blocks, and what it was then. */
  #list: CandidateList | undefined;
  #version: number | undefined;
  /** The candidates of each block. */
  #blocks: readonly CandidateList[] = [];
  /** What the activity of each block was when its leader was found. */
  #seen = new Int32Array(0);
  /** The leader of each block. */
  #slots = new Int32Array(0);
  /** The key of each block's leader is its load by its weight; 0 without an active request. */
  #loads = new Float64Array(0);
  #weights = new Float64Array(0);
  #marks = new Float64Array(0);
  /** For each group of blocks, the one whose leader comes first. */
  #winners = new Int32Array(0);
  /** The number of each block, which is what a group has in place of winners. */
  #numbers = new Int32Array(0);

  /**
   * The same as {@linkcode leastLoaded}; as fast as that where the list is not kept or the table
   * does not tell where something happens.
   */
  find(candidates: CandidateList, table: TableView, marks: Float64Array): number {
    const { version } = candidates;
    const { activity } = table;
    if (version === undefined || activity === undefined) {
      return leastLoaded(candidates, table, marks);
    }
    if (candidates !== this.#list || version !== this.#version) this.#divide(candidates, activity);
    const seen = this.#seen;
    let block = firstChange(activity, seen, 0);
    while (block < seen.length) {
      this.#look(block, { activity, table, marks });
      const group = block >> GROUP_SHIFT;
      const from = group << GROUP_SHIFT;
      this.#winners[group] = this.#first(this.#numbers, from, from + 2 ** GROUP_SHIFT);
      block = firstChange(activity, seen, block + 1);
    }
    return this.#slots[this.#first(this.#winners, 0, this.#winners.length)]!;
  }

  /** The mark of a slot has changed: its block is to be looked at again. */
  touch(slot: number): void {
    const block = slot >> ACTIVITY_SHIFT;
    // What it was before is what it will not be again.
    if (block < this.#seen.length) this.#seen[block]! -= 1;
  }

  /** Marks, weights or the servers in slots have changed: everything is to be looked at again. */
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
    this.#loads = new Float64Array(count).fill(NOBODY.load);
    this.#weights = new Float64Array(count).fill(NOBODY.weight);
    this.#marks = new Float64Array(count).fill(NOBODY.mark);
    this.#numbers = Int32Array.from({ length: count }, (_, block) => block);
    this.#winners = Int32Array.from(
      { length: (count - 1 >> GROUP_SHIFT) + 1 },
      (_, i) => i << GROUP_SHIFT,
    );
  }

  /** Finds the leader of a block. */
  #look(
    block: number,
    { activity, table, marks }: { activity: Int32Array; table: TableView; marks: Float64Array },
  ): void {
    // Before the servers: what another thread counts meanwhile has to be looked at again.
    this.#seen[block] = Atomics.load(activity, block);
    const candidates = this.#blocks[block]!;
    if (candidates.length > 0) {
      const slot = leastLoaded(candidates, table, marks);
      const active = table.active(slot);
      this.#slots[block] = slot;
      this.#loads[block] = active === 0 ? 0 : active + 1;
      this.#weights[block] = table.weight(slot);
      this.#marks[block] = marks[slot]!;
    }
  }

  /** Of some blocks, the one whose leader comes first. */
  #first(blocks: Int32Array, from: number, to: number): number {
    const loads = this.#loads;
    const weights = this.#weights;
    const marks = this.#marks;
    const end = Math.min(to, blocks.length);
    let first = blocks[from]!;
    for (let i = from + 1; i < end; i++) {
      const block = blocks[i]!;
      const left = loads[block]! * weights[first]!;
      const right = loads[first]! * weights[block]!;
      if (left > right || left === right && marks[block]! >= marks[first]!) continue;
      first = block;
    }
    return first;
  }
}

/**
 * The first block from one on whose activity is not what was seen; behind the last if there is none.
 * A loop of its own without a call in it: it is what a pick has to do for every block.
 */
function firstChange(activity: Int32Array, seen: Int32Array, from: number): number {
  let block = from;
  while (block < seen.length && activity[block] === seen[block]) block++;
  return block;
}
