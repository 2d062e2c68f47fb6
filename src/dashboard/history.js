/** Seconds of traffic that are kept. */
export const WINDOW = 300;

/** The measurements of the last minutes as columns, the form that charts take. */
export class History {
  #columns;

  /** @param {number} width How many numbers belong to each moment. */
  constructor(width) {
    this.#columns = Array.from({ length: width + 1 }, () => []);
  }

  /**
   * The columns: the seconds since 1970, then the numbers; `null` where there is none.
   *
   * @returns {(number | null)[][]}
   */
  get columns() {
    return this.#columns;
  }

  /**
   * Keeps what was measured, and forgets what is too old. A moment that is not after the latest one
   * is left out: the balancer's clock was set back.
   *
   * @param {number} time The seconds since 1970.
   * @param {(number | null)[]} values The numbers.
   */
  add(time, values) {
    const [times] = this.#columns;
    const last = times.at(-1);
    if (last !== undefined && time < last - WINDOW) this.#forget(times.length);
    else if (last !== undefined && time <= last) return;
    for (const [index, column] of this.#columns.entries()) {
      column.push(index === 0 ? time : values[index - 1]);
    }
    this.#forget(times.findIndex((moment) => moment >= time - WINDOW));
  }

  /** Leaves a gap: nothing is known of the time since the latest moment. */
  addGap() {
    const last = this.#columns[0].at(-1);
    if (last === undefined || this.#columns[1].at(-1) === null) return;
    this.add(last + 0.001, this.#columns.slice(1).map(() => null));
  }

  #forget(count) {
    for (const column of this.#columns) column.splice(0, count);
  }
}
