import type { CandidateList } from "../core/candidates.ts";
import { ACTIVITY_BLOCK } from "../core/table_memory.ts";
import type { TableView } from "../core/table_view.ts";
import { leastLoaded } from "./least_loaded.ts";

/** Fewer candidates than this are looked at faster than blocks are kept. */
const CANDIDATES_MIN = 256;

/** What stands for a block without candidates: it loses against any server. */
const NOBODY = { load: 1, weight: 0, mark: Infinity };

/**
 * Finds the least loaded candidate of many. Of each block of slots, the first in line is kept until
 * something happens there: a pick looks at all of a block's servers only where requests began or
 * ended since the last one, and at one server of each other block.
 */
export class BlockLeaders {
  #list: CandidateList | undefined;
  #version: number | undefined;
  /** The candidates of each block. */
  #blocks: readonly CandidateList[] = [];
  /** What the activity of each block was when its leader was found. */
  #seen = new Int32Array(0);
  #slots = new Int32Array(0);
  /** The key of each block's leader is its load by its weight; 0 without an active request. */
  #loads = new Float64Array(0);
  #weights = new Float64Array(0);
  #marks = new Float64Array(0);

  /** The same as {@linkcode leastLoaded}. */
  find(candidates: CandidateList, table: TableView, marks: Float64Array): number {
    const { activity } = table;
    const { length, version } = candidates;
    if (length < CANDIDATES_MIN || version === undefined || activity === undefined) {
      return leastLoaded(candidates, table, marks);
    }
    if (candidates !== this.#list || version !== this.#version) this.#divide(candidates, activity);
    const seen = this.#seen;
    const loads = this.#loads;
    const weights = this.#weights;
    let chosen = 0;
    let load = Number.MAX_VALUE;
    let weight = 1;
    for (let block = 0; block < seen.length; block++) {
      if (activity[block] !== seen[block]) this.#look(block, { activity, table, marks });
      const left = loads[block]! * weight;
      const right = load * weights[block]!;
      if (left > right || left === right && this.#marks[block]! >= this.#marks[chosen]!) continue;
      chosen = block;
      load = loads[block]!;
      weight = weights[block]!;
    }
    return this.#slots[chosen]!;
  }

  /** The mark of a slot has changed: its block is to be looked at again. */
  touch(slot: number): void {
    const block = Math.floor(slot / ACTIVITY_BLOCK);
    // What it was before is what it will not be again.
    if (block < this.#seen.length) this.#seen[block]! -= 1;
  }

  /** Marks, weights or the servers in slots have changed: everything is to be looked at again. */
  clear(): void {
    this.#list = undefined;
  }

  #divide(candidates: CandidateList, activity: Int32Array): void {
    const { slots, length, version } = candidates;
    const count = Math.floor(slots[length - 1]! / ACTIVITY_BLOCK) + 1;
    const blocks: CandidateList[] = [];
    let from = 0;
    for (let block = 0; block < count; block++) {
      let to = from;
      while (to < length && slots[to]! < (block + 1) * ACTIVITY_BLOCK) to++;
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
  }

  /** Finds the leader of a block. */
  #look(
    block: number,
    { activity, table, marks }: { activity: Int32Array; table: TableView; marks: Float64Array },
  ): void {
    // Before the servers: what another thread counts meanwhile has to be looked at again.
    this.#seen[block] = Atomics.load(activity, block);
    const candidates = this.#blocks[block]!;
    if (candidates.length === 0) return;
    const slot = leastLoaded(candidates, table, marks);
    const active = table.active(slot);
    this.#slots[block] = slot;
    this.#loads[block] = active === 0 ? 0 : active + 1;
    this.#weights[block] = table.weight(slot);
    this.#marks[block] = marks[slot]!;
  }
}
