import { build, type Histogram } from "hdr-histogram-js";
import type { ErrorCode } from "../model/errors.ts";
import type { Requests } from "./requests.ts";

/** Significant digits of the percentiles: an error of at most a thousandth. */
const DIGITS = 3;
/** Histograms count whole microseconds. */
const PER_MILLISECOND = 1000;

/** Statistics of durations, in milliseconds. */
export interface Times {
  /** The mean; 0 if nothing was counted. */
  readonly mean: number;
  /** The median. */
  readonly p50: number;
  /** 99th percentile. */
  readonly p99: number;
  /** 99.9th percentile. */
  readonly p999: number;
  /** The maximum. */
  readonly max: number;
}

/** Histogram of durations (HdrHistogram). */
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

/** The counted part of a run: from the end of the warm-up to the arrival of the last request. */
export class CountedTime {
  /** When it begins, in milliseconds; Infinity before. */
  from = Infinity;
  /** When it ends, in milliseconds; Infinity before. */
  to = Infinity;

  /** Counted part of a span of time, in milliseconds. */
  overlap(from: number, to: number): number {
    return Math.max(0, Math.min(to, this.to) - Math.max(from, this.from));
  }

  /** Its length, in milliseconds. */
  get length(): number {
    return this.from === Infinity ? 0 : this.to - this.from;
  }
}

/** Statistics of each server in the counted part of a run. */
export class Usage {
  readonly #counted: CountedTime;
  /** Service time of all requests together, in milliseconds. */
  readonly worked: Float64Array;
  /** The most requests at once, including queued ones. */
  readonly peak: Int32Array;

  /**
   * @param servers Number of servers.
   * @param counted The counted part of the run.
   */
  constructor(servers: number, counted: CountedTime) {
    this.#counted = counted;
    this.worked = new Float64Array(servers);
    this.peak = new Int32Array(servers);
  }

  /** Counts a span of time in which a server has worked on a request. */
  countWork(server: number, from: number, to: number): void {
    this.worked[server]! += this.#counted.overlap(from, to);
  }

  /** Notes how many requests a server has now. */
  noteLoad(server: number, requests: number): void {
    if (this.#counted.from === Infinity || requests <= this.peak[server]!) return;
    this.peak[server] = requests;
  }
}

/** Statistics of the counted requests of a run. */
export class Measurements {
  readonly #requests: Requests;
  readonly #response: TimeHistogram = new TimeHistogram();
  readonly #waiting: TimeHistogram = new TimeHistogram();
  /** The counted part of the run. */
  readonly counted: CountedTime = new CountedTime();
  /** Statistics of the servers. */
  readonly usage: Usage;
  /** Number of attempts at each server. */
  readonly picked: Float64Array;
  /** Number of requests with a response, including errors. */
  answered = 0;
  /** Number of responses with status 500. */
  errors = 0;
  /** Number of requests with a response that had to wait before a server worked on them. */
  waited = 0;
  /** Number of retries. */
  retries = 0;
  /** Number of requests without a response, by the reason. */
  readonly failures: Map<ErrorCode, number> = new Map();
  /** Integral of the number of requests in flight over the counted milliseconds. */
  #inFlightIntegral = 0;
  #lastChange = 0;

  /**
   * @param servers Number of servers.
   * @param requests Requests in flight.
   */
  constructor(servers: number, requests: Requests) {
    this.#requests = requests;
    this.usage = new Usage(servers, this.counted);
    this.picked = new Float64Array(servers);
  }

  /** Time from arrival to response. */
  get response(): Times {
    return this.#response.times;
  }

  /** The part of it before the server began: in queues and in failed attempts. */
  get waiting(): Times {
    return this.#waiting.times;
  }

  /** Mean number of requests in flight. */
  get inFlight(): number {
    const { length } = this.counted;
    return length === 0 ? 0 : this.#inFlightIntegral / length;
  }

  /** Must be called before the number of requests in flight changes. */
  noteChange(now: number): void {
    this.#inFlightIntegral += this.#requests.count * this.counted.overlap(this.#lastChange, now);
    this.#lastChange = now;
  }

  /** Counts an attempt. */
  countPick(request: number, server: number): void {
    if (this.#requests.counted[request] === 1) this.picked[server]! += 1;
  }

  /** Counts a retry. */
  countRetry(request: number): void {
    if (this.#requests.counted[request] === 1) this.retries++;
  }

  /**
   * Counts a response.
   *
   * @param request The request.
   * @param start When the server began to work on it, in milliseconds.
   * @param end The time in milliseconds, and whether the response is an error.
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

  /** Counts a request without a response. */
  countFailure(request: number, code: ErrorCode): void {
    if (this.#requests.counted[request] === 0) return;
    this.failures.set(code, (this.failures.get(code) ?? 0) + 1);
  }
}
