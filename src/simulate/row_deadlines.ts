import { grownArray } from "../state/grown_array.ts";

const LENGTH = 1024;

/** Rows that can be reused: a row's version changes whenever its deadlines are cancelled. */
export interface VersionedRows {
  /** Version of each row. */
  version: Int32Array;
}

/**
 * Deadlines of rows. All have the same length, and so fall due in the order in which they began. A
 * cancelled deadline is dropped once it is at the front: only those of requests in flight are kept.
 */
export class RowDeadlines {
  readonly #rows: VersionedRows;
  readonly #milliseconds: number;
  // Three columns of a ring.
  #at: Float64Array<ArrayBuffer> = new Float64Array(LENGTH);
  #row: Int32Array<ArrayBuffer> = new Int32Array(LENGTH);
  #version: Int32Array<ArrayBuffer> = new Int32Array(LENGTH);
  #first = 0;
  #length = 0;
  /** When the first deadline falls due, even if it is cancelled; Infinity if there is none. */
  next = Infinity;

  /**
   * @param rows The rows.
   * @param milliseconds Length of each deadline.
   */
  constructor(rows: VersionedRows, milliseconds: number) {
    this.#rows = rows;
    this.#milliseconds = milliseconds;
  }

  /** Starts a deadline. It is cancelled by a change of the row's version. */
  add(row: number, now: number): void {
    this.#dropCancelled();
    if (this.#length === this.#at.length) this.#grow();
    const at = (this.#first + this.#length++) & (this.#at.length - 1);
    this.#at[at] = now + this.#milliseconds;
    this.#row[at] = row;
    this.#version[at] = this.#rows.version[row]!;
    if (this.#length === 1) this.next = this.#at[at]!;
  }

  /**
   * Removes the first deadline, which is due.
   *
   * @returns Its row; −1 if it was cancelled.
   */
  take(): number {
    const row = this.#row[this.#first]!;
    const isCancelled = this.#isCancelled();
    this.#drop();
    return isCancelled ? -1 : row;
  }

  #isCancelled(): boolean {
    return this.#rows.version[this.#row[this.#first]!] !== this.#version[this.#first];
  }

  #dropCancelled(): void {
    while (this.#length > 0 && this.#isCancelled()) this.#drop();
  }

  #drop(): void {
    this.#first = (this.#first + 1) & (this.#at.length - 1);
    this.next = --this.#length === 0 ? Infinity : this.#at[this.#first]!;
  }

  #grow(): void {
    const { length } = this.#at;
    // Moves the part that is wrapped around the end behind the rest.
    for (const ring of [this.#at, this.#row, this.#version]) {
      ring.set([...ring.subarray(this.#first), ...ring.subarray(0, this.#first)]);
    }
    this.#first = 0;
    this.#at = grownArray(this.#at, length * 2);
    this.#row = grownArray(this.#row, length * 2);
    this.#version = grownArray(this.#version, length * 2);
  }
}
