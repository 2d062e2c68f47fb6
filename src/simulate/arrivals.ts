import type { RecordedRequests } from "./recorded_requests.ts";
import type { RandomStream, RandomStreams } from "./random.ts";
import type { Workload } from "./workload.ts";

/** Arrivals of the requests, in order. Starts at the first one. */
export interface Arrivals {
  /** Time of the arrival, in milliseconds; Infinity after the last one. */
  readonly at: number;
  /** Number of the client; −1 if unknown. */
  readonly client: number;
  /** Whether the request is counted; false during the warm-up. */
  readonly counted: boolean;
  /** Moves on to the next arrival. */
  advance(): void;
}

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
  return new LimitedArrivals(source, workload, recording?.times.length);
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

/** Arrivals up to the workload's number of requests and duration. The first ones are the warm-up. */
class LimitedArrivals implements Arrivals {
  readonly #source: Source;
  readonly #end: { readonly count: number; readonly at: number };
  readonly #warm: { readonly count: number; readonly at: number };
  #count = 1;

  constructor(source: Source, { requests, duration, warmUp }: Workload, recorded = Infinity) {
    this.#source = source;
    const count = Math.min(requests ?? Infinity, recorded);
    const at = duration === undefined ? Infinity : duration * 1000;
    this.#end = { count, at };
    this.#warm = { count: warmUp === 0 ? 0 : count * warmUp, at: warmUp === 0 ? 0 : at * warmUp };
  }

  get at(): number {
    const { at } = this.#source;
    return this.#count > this.#end.count || at > this.#end.at ? Infinity : at;
  }

  get client(): number {
    return this.#source.client;
  }

  get counted(): boolean {
    return this.#count > this.#warm.count || this.#source.at >= this.#warm.at;
  }

  advance(): void {
    this.#count++;
    this.#source.advance();
  }
}
