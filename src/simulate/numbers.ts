/** Columns of numbers that grow together, so that nothing is allocated for each of their rows. */
type Column = Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

/**
 * A copy of a column with more room, zeros behind what was there.
 *
 * @param column The column.
 * @param length How many numbers there is to be room for.
 */
export function grown<T extends Column>(column: T, length: number): T {
  const Kind = column.constructor as new (length: number) => T;
  const larger = new Kind(length);
  larger.set(column);
  return larger;
}

/** Numbers of rows that nobody uses. The one that was given back last is taken first. */
export class FreeRows {
  #free: Int32Array<ArrayBuffer>;
  #count: number;
  /** How many rows there are, free or not. */
  capacity: number;

  /** @param capacity How many rows there are at first. */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.#free = new Int32Array(capacity);
    this.#count = capacity;
    for (let row = 0; row < capacity; row++) this.#free[row] = capacity - 1 - row;
  }

  /** Whether there is none left. */
  get empty(): boolean {
    return this.#count === 0;
  }

  /** Takes one; there has to be one. */
  take(): number {
    return this.#free[--this.#count]!;
  }

  /** Gives one back. */
  give(row: number): void {
    this.#free[this.#count++] = row;
  }

  /** Makes twice as many of them, once none is left. */
  double(): void {
    const { capacity } = this;
    this.capacity = capacity * 2;
    this.#free = new Int32Array(this.capacity);
    for (let row = this.capacity - 1; row >= capacity; row--) this.give(row);
  }
}
