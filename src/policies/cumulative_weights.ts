import type { CandidateList } from "../state/candidates.ts";
import type { TableView } from "../state/table_view.ts";

/**
 * Cumulative weights of the candidates, for drawing one by weight: a binary search finds the candidate
 * for a random number.
 */
export class CumulativeWeights {
  /** Cumulative weight up to each candidate, inclusive. */
  #ends = new Float64Array(0);
  #length = 0;
  #list: CandidateList | undefined;
  #version: number | undefined;
  #generation = -1;

  /** Sums the weights of these candidates, unless nothing has changed. */
  update(candidates: CandidateList, table: TableView): void {
    const { slots, length, version } = candidates;
    const { generation } = table;
    if (
      version !== undefined && version === this.#version && candidates === this.#list &&
      generation === this.#generation
    ) return;
    if (this.#ends.length < length) this.#ends = new Float64Array(length * 2);
    let end = 0;
    for (let i = 0; i < length; i++) {
      end += table.weight(slots[i]!);
      this.#ends[i] = end;
    }
    this.#length = length;
    this.#list = candidates;
    this.#version = version;
    this.#generation = generation;
  }

  /** Index of the candidate at this share of the total weight, 0 up to 1. */
  at(share: number): number {
    return Math.min(this.#find(share * this.#ends[this.#length - 1]!), this.#length - 1);
  }

  /** The same without one candidate. There must be another one. */
  atWithout(share: number, without: number): number {
    const start = without === 0 ? 0 : this.#ends[without - 1]!;
    const weight = this.#ends[without]! - start;
    const mark = share * (this.#ends[this.#length - 1]! - weight);
    const found = this.#find(mark < start ? mark : mark + weight);
    if (found < this.#length && found !== without) return found;
    // Rounding, or a concurrent change of a weight, can lead to it or behind the last one.
    return without === this.#length - 1 ? without - 1 : this.#length - 1;
  }

  /** Index of the first candidate whose cumulative weight is above a value; their number if none. */
  #find(value: number): number {
    let from = 0;
    let to = this.#length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#ends[middle]! > value) to = middle;
      else from = middle + 1;
    }
    return from;
  }
}
