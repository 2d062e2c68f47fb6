import { grown } from "./numbers.ts";

const ROOM = 1024;

/** Rows whose versions tell whether what was noted of them still holds. */
export interface VersionedRows {
  /** The version of each row. */
  version: Int32Array;
}

/**
 * Deadlines that all have the same length, and so fall due in the order in which they began. One
 * that was met is dropped when it comes to the front, so that a run with millions of requests keeps
 * those under way only.
 */
export class Expiries {
  readonly #rows: VersionedRows;
  readonly #milliseconds: number;
  /** A ring. */
  #at: Float64Array<ArrayBuffer> = new Float64Array(ROOM);
  #row: Int32Array<ArrayBuffer> = new Int32Array(ROOM);
  #version: Int32Array<ArrayBuffer> = new Int32Array(ROOM);
  #first = 0;
  #length = 0;
  /** When the first of them falls due, which may be met already; Infinity for none. */
  next = Infinity;

  /**
   * @param rows What they are for.
   * @param milliseconds How long each of them has.
   */
  constructor(rows: VersionedRows, milliseconds: number) {
    this.#rows = rows;
    this.#milliseconds = milliseconds;
  }

  /** A deadline begins. It is met when the row's version changes. */
  add(row: number, now: number): void {
    this.#dropMet();
    if (this.#length === this.#at.length) this.#grow();
    const at = (this.#first + this.#length++) & (this.#at.length - 1);
    this.#at[at] = now + this.#milliseconds;
    this.#row[at] = row;
    this.#version[at] = this.#rows.version[row]!;
    if (this.#length === 1) this.next = this.#at[at]!;
  }

  /**
   * Takes the first one, which has fallen due.
   *
   * @returns Its row; −1 where it was met.
   */
  take(): number {
    const row = this.#row[this.#first]!;
    const isMet = this.#isMet();
    this.#drop();
    return isMet ? -1 : row;
  }

  #isMet(): boolean {
    return this.#rows.version[this.#row[this.#first]!] !== this.#version[this.#first];
  }

  #dropMet(): void {
    while (this.#length > 0 && this.#isMet()) this.#drop();
  }

  #drop(): void {
    this.#first = (this.#first + 1) & (this.#at.length - 1);
    this.next = --this.#length === 0 ? Infinity : this.#at[this.#first]!;
  }

  #grow(): void {
    const { length } = this.#at;
    // What was wrapped around the end comes to stand behind the rest.
    for (const ring of [this.#at, this.#row, this.#version]) {
      ring.set([...ring.subarray(this.#first), ...ring.subarray(0, this.#first)]);
    }
    this.#first = 0;
    this.#at = grown(this.#at, length * 2);
    this.#row = grown(this.#row, length * 2);
    this.#version = grown(this.#version, length * 2);
  }
}
