/** Free row numbers of a table, last in, first out. */
export class FreeRows {
  #free: Int32Array<ArrayBuffer>;
  #count: number;
  /** Number of rows, free or not. */
  capacity: number;

  /** @param capacity Number of rows to begin with. */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.#free = new Int32Array(capacity);
    this.#count = capacity;
    for (let row = 0; row < capacity; row++) this.#free[row] = capacity - 1 - row;
  }

  /** Whether no row is free. */
  get empty(): boolean {
    return this.#count === 0;
  }

  /** Takes a row. At least one must be free. */
  take(): number {
    return this.#free[--this.#count]!;
  }

  /** Frees a row. */
  give(row: number): void {
    this.#free[this.#count++] = row;
  }

  /** Doubles the number of rows. None may be free. */
  double(): void {
    const { capacity } = this;
    this.capacity = capacity * 2;
    this.#free = new Int32Array(this.capacity);
    for (let row = this.capacity - 1; row >= capacity; row--) this.give(row);
  }
}
