/** The part of a run that is counted: from the end of the warm-up until the last request comes. */
export class CountedTime {
  /** When it begins, in milliseconds; Infinity before. */
  from = Infinity;
  /** When it ends; Infinity before. */
  to = Infinity;

  /** How much of a span of time, in milliseconds, is counted. */
  overlap(from: number, to: number): number {
    return Math.max(0, Math.min(to, this.to) - Math.max(from, this.from));
  }

  /** How long it was, in milliseconds. */
  get length(): number {
    return this.from === Infinity ? 0 : this.to - this.from;
  }
}

/** What each server did in the counted part of a run. */
export class Usage {
  readonly #counted: CountedTime;
  /** For how long each has worked, in milliseconds; twice as long with two requests at once. */
  readonly worked: Float64Array;
  /** The most requests that each had at once, those in its queue included. */
  readonly peak: Int32Array;

  /**
   * @param servers How many servers there are.
   * @param counted What is counted.
   */
  constructor(servers: number, counted: CountedTime) {
    this.#counted = counted;
    this.worked = new Float64Array(servers);
    this.peak = new Int32Array(servers);
  }

  /** A server has worked on a request. */
  countWork(server: number, from: number, to: number): void {
    this.worked[server]! += this.#counted.overlap(from, to);
  }

  /** A server has so many requests now. */
  noteLoad(server: number, requests: number): void {
    if (this.#counted.from === Infinity || requests <= this.peak[server]!) return;
    this.peak[server] = requests;
  }
}
