import type { CandidateList } from "../state/candidates.ts";
import type { TableView } from "../state/table_view.ts";

/**
 * The weights of the candidates, one after another on a line: a place that is chosen by chance
 * belongs to a candidate by its weight. Finding whose it is takes a few looks among thousands.
 */
export class CumulativeWeights {
  /** Where the part of each candidate ends. */
  #ends = new Float64Array(0);
  #length = 0;
  #list: CandidateList | undefined;
  #version: number | undefined;
  #generation = -1;

  /** Draws the line for these candidates, unless it is still the same. */
  draw(candidates: CandidateList, table: TableView): void {
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

  /** The number of the candidate that this part of the whole line, 0 up to 1, leads to. */
  at(part: number): number {
    return Math.min(this.#find(part * this.#ends[this.#length - 1]!), this.#length - 1);
  }

  /** The same on the line without the part of one candidate; there has to be another one. */
  atWithout(part: number, without: number): number {
    const start = without === 0 ? 0 : this.#ends[without - 1]!;
    const weight = this.#ends[without]! - start;
    const mark = part * (this.#ends[this.#length - 1]! - weight);
    const found = this.#find(mark < start ? mark : mark + weight);
    if (found < this.#length && found !== without) return found;
    // Rounding, or another thread's change of a weight, can lead to it or behind the last one.
    return without === this.#length - 1 ? without - 1 : this.#length - 1;
  }

  /** The first candidate whose part ends behind a place; their number if there is none. */
  #find(place: number): number {
    let from = 0;
    let to = this.#length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#ends[middle]! > place) to = middle;
      else from = middle + 1;
    }
    return from;
  }
}
