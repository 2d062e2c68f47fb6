import { build, type Histogram } from "hdr-histogram-js";
import type { ErrorCode } from "../model/errors.ts";
import type { Requests } from "./requests.ts";
import { CountedTime, Usage } from "./usage.ts";

/** How exact the percentiles are: three digits, an error of at most a thousandth. */
const DIGITS = 3;
/** Histograms count whole microseconds. */
const PER_MILLISECOND = 1000;

/** How long something took, in milliseconds. */
export interface Times {
  /** On average; 0 where nothing was counted. */
  readonly mean: number;
  /** In half of the cases at most. */
  readonly p50: number;
  /** In 99 of a hundred at most. */
  readonly p99: number;
  /** In 999 of a thousand at most. */
  readonly p999: number;
  /** At most. */
  readonly max: number;
}

/** Times, of which percentiles are told to a thousandth (HdrHistogram, three digits). */
class TimeHistogram {
  readonly #histogram: Histogram = build({
    highestTrackableValue: 3_600_000 * PER_MILLISECOND,
    numberOfSignificantValueDigits: DIGITS,
  });
  #sum = 0;

  add(milliseconds: number): void {
    this.#sum += milliseconds;
    this.#histogram.recordValue(Math.round(milliseconds * PER_MILLISECOND));
  }

  get times(): Times {
    const count = this.#histogram.totalCount;
    if (count === 0) return { mean: 0, p50: 0, p99: 0, p999: 0, max: 0 };
    const at = (percent: number) => this.#histogram.getValueAtPercentile(percent) / PER_MILLISECOND;
    return {
      mean: this.#sum / count,
      p50: at(50),
      p99: at(99),
      p999: at(99.9),
      max: this.#histogram.maxValue / PER_MILLISECOND,
    };
  }
}

/** What becomes of the counted requests of a run. */
export class Measurements {
  readonly #requests: Requests;
  readonly #response: TimeHistogram = new TimeHistogram();
  readonly #waiting: TimeHistogram = new TimeHistogram();
  /** What is counted. */
  readonly counted: CountedTime = new CountedTime();
  /** What the servers do. */
  readonly usage: Usage;
  /** How many requests each server was given. */
  readonly picked: Float64Array;
  /** How many requests were answered, those with errors included. */
  answered = 0;
  /** How many of them with 500. */
  errors = 0;
  /** How many of them had to wait before a server worked on them. */
  waited = 0;
  /** How often a request went on to another server. */
  retries = 0;
  /** How many requests nobody answered, by why. */
  readonly failures: Map<ErrorCode, number> = new Map();
  /** The sum of how many requests were under way, over all the milliseconds that are counted. */
  #underWay = 0;
  #lastChange = 0;

  /**
   * @param servers How many servers there are.
   * @param requests The requests that are under way.
   */
  constructor(servers: number, requests: Requests) {
    this.#requests = requests;
    this.usage = new Usage(servers, this.counted);
    this.picked = new Float64Array(servers);
  }

  /** How long the answered requests took, from when they came until they were answered. */
  get response(): Times {
    return this.#response.times;
  }

  /** How long they waited of that: in balancers, at servers, and for tries that failed. */
  get waiting(): Times {
    return this.#waiting.times;
  }

  /** How many requests were under way on average. */
  get underWay(): number {
    const { length } = this.counted;
    return length === 0 ? 0 : this.#underWay / length;
  }

  /** The number of requests that are under way is about to change. */
  noteChange(now: number): void {
    this.#underWay += this.#requests.count * this.counted.overlap(this.#lastChange, now);
    this.#lastChange = now;
  }

  /** A server was given a request. */
  countPick(request: number, server: number): void {
    if (this.#requests.counted[request] === 1) this.picked[server]! += 1;
  }

  /** A request goes on to another server. */
  countRetry(request: number): void {
    if (this.#requests.counted[request] === 1) this.retries++;
  }

  /**
   * A request was answered.
   *
   * @param request The request.
   * @param start When its server began to work on it, in milliseconds.
   * @param end When it was answered, and whether with an error.
   */
  countAnswer(
    request: number,
    start: number,
    { now, error }: { now: number; error: boolean },
  ): void {
    if (this.#requests.counted[request] === 0) return;
    const arrival = this.#requests.arrival[request]!;
    this.answered++;
    if (error) this.errors++;
    if (start > arrival) this.waited++;
    this.#response.add(now - arrival);
    this.#waiting.add(start - arrival);
  }

  /** Nobody has answered a request. */
  countFailure(request: number, code: ErrorCode): void {
    if (this.#requests.counted[request] === 0) return;
    this.failures.set(code, (this.failures.get(code) ?? 0) + 1);
  }
}
