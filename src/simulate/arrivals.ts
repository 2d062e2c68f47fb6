import type { RecordedRequests } from "./recorded_requests.ts";
import type { RandomStream, RandomStreams } from "./random.ts";
import type { Workload } from "./workload.ts";

/**
 * Arrivals of a workload.
 *
 * @param workload The workload.
 * @param rate Requests per second; ignored with a recording.
 * @param from Sources of random numbers, and the recording to repeat, if any.
 */
export function makeArrivals(
  workload: Workload,
  rate: number,
  { streams, recording }: { streams: RandomStreams; recording?: RecordedRequests | undefined },
): Arrivals {
  const random = streams.stream();
  const source = recording === undefined
    ? new DrawnArrivals(workload, rate, random)
    : new RecordedArrivals(recording);
  return new Arrivals(source, workload, recording?.times.length);
}

/** Endless arrivals. */
interface Source {
  at: number;
  client: number;
  advance(): void;
}

class DrawnArrivals implements Source {
  readonly #random: RandomStream;
  readonly #gap: number;
  readonly #clients: number;
  readonly #poisson: boolean;
  at = 0;
  client = -1;

  constructor({ clients, arrivals }: Workload, rate: number, random: RandomStream) {
    this.#random = random;
    this.#gap = 1000 / rate;
    this.#clients = clients;
    this.#poisson = arrivals === "poisson";
    this.advance();
  }

  advance(): void {
    // Exponential gaps make a Poisson process.
    this.at += this.#poisson ? -Math.log(this.#random.next()) * this.#gap : this.#gap;
    this.client = this.#random.below(this.#clients);
  }
}

class RecordedArrivals implements Source {
  readonly #recording: RecordedRequests;
  #next = 0;
  at = Infinity;
  client = -1;

  constructor(recording: RecordedRequests) {
    this.#recording = recording;
    this.advance();
  }

  advance(): void {
    const { times, clients } = this.#recording;
    this.at = times[this.#next] ?? Infinity;
    this.client = clients[this.#next] ?? -1;
    this.#next++;
  }
}

/**
 * Arrivals of the requests, in order, up to the workload's number of requests and duration. Starts at
 * the first one.
 */
export class Arrivals {
  readonly #source: Source;
  readonly #end: { readonly count: number; readonly at: number };
  readonly #warm: { readonly count: number; readonly at: number };
  #count = 1;

  /**
   * @param source Endless arrivals.
   * @param workload The workload.
   * @param recorded Number of recorded requests. Default: no limit.
   */
  constructor(source: Source, { requests, duration, warmUp }: Workload, recorded = Infinity) {
    this.#source = source;
    const count = Math.min(requests ?? Infinity, recorded);
    const at = duration === undefined ? Infinity : duration * 1000;
    this.#end = { count, at };
    this.#warm = { count: warmUp === 0 ? 0 : count * warmUp, at: warmUp === 0 ? 0 : at * warmUp };
  }

  /** Time of the arrival, in milliseconds; Infinity after the last one. */
  get at(): number {
    const { at } = this.#source;
    return this.#count > this.#end.count || at > this.#end.at ? Infinity : at;
  }

  /** Number of the client; −1 if unknown. */
  get client(): number {
    return this.#source.client;
  }

  /** Whether the request is counted; false during the warm-up. */
  get counted(): boolean {
    return this.#count > this.#warm.count || this.#source.at >= this.#warm.at;
  }

  /** Moves on to the next arrival. */
  advance(): void {
    this.#count++;
    this.#source.advance();
  }
}
