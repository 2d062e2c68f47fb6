import type { CandidateList } from "../core/candidates.ts";
import type { TableView } from "../core/table_view.ts";

/**
 * Candidates side by side on a line, each as wide as its weight: who is at a random place of it is
 * drawn by weight. The line is kept as long as the list of candidates is the same, so that a draw
 * among thousands does not look at each of them.
 */
export class WeightLine {
  #list: CandidateList | undefined;
  #version: number | undefined;
  #length = 0;
  /** Where each candidate ends. */
  #ends = new Float64Array(0);

  /** Lays the candidates out, at least one, unless they are. */
  layOut(candidates: CandidateList, table: TableView): void {
    const { slots, length, version } = candidates;
    if (version !== undefined && candidates === this.#list && version === this.#version) return;
    if (this.#ends.length < length) this.#ends = new Float64Array(length * 2);
    let end = 0;
    for (let i = 0; i < length; i++) this.#ends[i] = end += table.weight(slots[i]!);
    this.#list = candidates;
    this.#version = version;
    this.#length = length;
  }

  /**
   * Draws one.
   *
   * @param random A number from 0 up to 1 that decides.
   * @returns Its place in the list.
   */
  draw(random: number): number {
    return this.#at(random * this.#end);
  }

  /**
   * Draws one of all but one.
   *
   * @param random A number from 0 up to 1 that decides.
   * @param without The place in the list of the one that it must not be, of two at least.
   * @returns Its place in the list.
   */
  drawOther(random: number, without: number): number {
    const start = without === 0 ? 0 : this.#ends[without - 1]!;
    const width = this.#ends[without]! - start;
    const mark = random * (this.#end - width);
    const place = this.#at(mark < start ? mark : mark + width);
    if (place !== without) return place;
    // Parts of a weight do not always add up to the same.
    return without === 0 ? 1 : without - 1;
  }

  get #end(): number {
    return this.#ends[this.#length - 1]!;
  }

  /** Who is at a mark: the first one that ends behind it, or the last of all. */
  #at(mark: number): number {
    let low = 0;
    let high = this.#length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ends[middle]! > mark) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
