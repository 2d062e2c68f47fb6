/** The rows that stand in lines, by the neighbours of each. */
export interface LineRows {
  /** The row before each one; −1 for none. */
  before: Int32Array;
  /** The row behind each one; −1 for none. */
  behind: Int32Array;
}

/** First come, first served. A row stands in one line at a time and can leave it from anywhere. */
export class Line {
  readonly #rows: LineRows;
  #last = -1;
  /** The one that came first; −1 for none. */
  first = -1;
  /** How many there are. */
  length = 0;

  /** @param rows Where the neighbours are written. */
  constructor(rows: LineRows) {
    this.#rows = rows;
  }

  /** Lets a row stand at the end. */
  join(row: number): void {
    const { before, behind } = this.#rows;
    before[row] = this.#last;
    behind[row] = -1;
    if (this.#last === -1) this.first = row;
    else behind[this.#last] = row;
    this.#last = row;
    this.length++;
  }

  /** Lets a row that stands here go. */
  leave(row: number): void {
    const before = this.#rows.before[row]!;
    const behind = this.#rows.behind[row]!;
    if (before === -1) this.first = behind;
    else this.#rows.behind[before] = behind;
    if (behind === -1) this.#last = before;
    else this.#rows.before[behind] = before;
    this.length--;
  }
}
