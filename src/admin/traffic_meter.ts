import type { ErrorCode } from "../model/errors.ts";
import type { EventLog } from "../state/event_log.ts";
import type { Traffic } from "../state/traffic.ts";
import { LATENCY_BOUNDS, type ServerTraffic } from "../state/traffic.ts";

/** Period of the rates, in seconds. */
const WINDOW = 10;
/** Minimum time between two readings that are kept, and minimum window, in seconds. */
const SHORTEST = 1;

/** Refusals that are the fault of neither the servers nor the balancer. */
const CLIENT_FAULTS: readonly ErrorCode[] = [
  ...["client_gone", "request_timeout", "content_too_large", "head_too_large"] as const,
  "bad_request",
];

/** Source of a meter. */
export interface MeterSource {
  /** Reads the counts. */
  traffic(): Traffic;
  /** Events of the servers. */
  readonly events: EventLog;
}

/** Number, rate and durations of requests. */
export interface Measurement {
  /** Answered requests since the server was added. */
  readonly requests: number;
  /** Undefined if requests are not counted. */
  readonly requestsPerSecond: number | undefined;
  /** Rate of failed requests; undefined if requests are not counted. */
  readonly errorsPerSecond: number | undefined;
  /** Median duration in milliseconds; undefined without requests. */
  readonly p50: number | undefined;
  /** 99th percentile of durations in milliseconds; undefined without requests. */
  readonly p99: number | undefined;
}

/** Measured traffic. */
export interface Measurements {
  /** The counts. */
  readonly traffic: Traffic;
  /** Period of the rates and quantiles, in seconds. */
  readonly window: number;
  /** All traffic, including requests that no server answered. */
  readonly total: Measurement;
  /** Requests that no server answered. */
  readonly refused: number;
  /** Each server by its URL. Its errors are 5xx responses and failed attempts. */
  readonly servers: ReadonlyMap<string, Measurement>;
}

/** Counts that only grow as long as they belong to the same server. */
interface Counts {
  readonly requests: number;
  readonly errors: number;
  readonly buckets: readonly number[];
}

interface Reading {
  /** Age of the balancer, in seconds. */
  readonly at: number;
  /** Number of the latest event at that time. */
  readonly event: number;
  readonly total: Counts;
  readonly servers: ReadonlyMap<string, Counts>;
}

const NONE: Counts = { requests: 0, errors: 0, buckets: [] };
const BEGINNING: Reading = { at: 0, event: 0, total: NONE, servers: new Map() };

/**
 * Measures the traffic over about the last ten seconds. It reads the counts only when it is called,
 * and keeps them for later calls; the first call measures from the balancer's start.
 */
export class TrafficMeter {
  readonly #source: MeterSource;
  #readings: Reading[] = [BEGINNING];

  constructor(source: MeterSource) {
    this.#source = source;
  }

  /** Reads the counts, and compares them with earlier ones. */
  measure(): Measurements {
    const traffic = this.#source.traffic();
    const now = this.#read(traffic);
    const base = this.#base(now.at);
    this.#keep(now, base);
    const window = now.at - base.at;
    const added = this.#addedSince(base.event);
    const { countsRequests: counted } = traffic;
    const servers = [...now.servers].map(([url, counts]) => {
      const before = added?.has(url) === true ? NONE : base.servers.get(url) ?? NONE;
      return [url, measurement(difference(counts, before), { counts, window, counted })] as const;
    });
    return {
      traffic,
      window,
      total: measurement(difference(now.total, base.total), { counts: now.total, window, counted }),
      refused: refusals(traffic),
      servers: new Map(servers),
    };
  }

  #read(traffic: Traffic): Reading {
    const servers = traffic.servers.map((server) => [server.server.url, countsOf(server)] as const);
    const { requests, buckets, responsesFailed } = countsOf(traffic.total);
    const total = {
      requests: requests + refusals(traffic),
      errors: responsesFailed + refusals(traffic, CLIENT_FAULTS),
      buckets,
    };
    const event = this.#source.events.latest;
    return { at: traffic.uptime, event, total, servers: new Map(servers) };
  }

  /** The reading to compare with: of those that are old enough, the closest to the window. */
  #base(now: number): Reading {
    let best = this.#readings[0]!;
    for (const reading of this.#readings) {
      const age = now - reading.at;
      if (age < SHORTEST) break;
      if (Math.abs(age - WINDOW) <= Math.abs(now - best.at - WINDOW)) best = reading;
    }
    return best;
  }

  /** Keeps a reading for later, and drops those that are no longer needed. */
  #keep(now: Reading, base: Reading): void {
    this.#readings = this.#readings.slice(this.#readings.indexOf(base));
    if (now.at - this.#readings.at(-1)!.at >= SHORTEST) this.#readings.push(now);
  }

  /** URLs of the servers added since an event; undefined if the log no longer reaches back. */
  #addedSince(event: number): ReadonlySet<string> | undefined {
    const events = this.#source.events.after(event);
    return events &&
      new Set(events.filter(({ type }) => type === "added").map(({ server }) => server.url));
  }
}

function countsOf(
  { responses, failures, latency }: ServerTraffic,
): Counts & { readonly responsesFailed: number } {
  const responsesFailed = responses[4];
  return {
    requests: responses[0] + responses[1] + responses[2] + responses[3] + responses[4],
    errors: responsesFailed + failures.connection + failures.response,
    buckets: latency.buckets,
    responsesFailed,
  };
}

/** Number of requests that no server answered, without those refused for these reasons. */
function refusals({ overall }: Traffic, without: readonly ErrorCode[] = []): number {
  return overall.refusals.reduce(
    (sum, [code, count]) => without.includes(code) ? sum : sum + count,
    0,
  );
}

/** Growth of the counts. Counts that are smaller than before were reset, and all of them are new. */
function difference(now: Counts, before: Counts): Counts {
  // The usual case with thousands of servers; each counted duration is a counted request.
  if (now.requests === before.requests && now.errors === before.errors) return NONE;
  const grown = now.requests >= before.requests && now.errors >= before.errors &&
    now.buckets.every((count, i) => count >= (before.buckets[i] ?? 0));
  if (!grown) return now;
  return {
    requests: now.requests - before.requests,
    errors: now.errors - before.errors,
    buckets: now.buckets.map((count, i) => count - (before.buckets[i] ?? 0)),
  };
}

function measurement(
  { requests, errors, buckets }: Counts,
  { counts, window, counted }: { counts: Counts; window: number; counted: boolean },
): Measurement {
  const perSecond = (count: number) => window > 0 ? count / window : 0;
  return {
    requests: counts.requests,
    requestsPerSecond: counted ? perSecond(requests) : undefined,
    errorsPerSecond: counted ? perSecond(errors) : undefined,
    p50: quantile(buckets, 0.5),
    p99: quantile(buckets, 0.99),
  };
}

/**
 * Estimates a quantile of the durations by the counts of the latency buckets. Requests are assumed to
 * be spread evenly within a bucket, as Prometheus does (`histogram_quantile`).
 *
 * @param buckets Number of requests in each bucket.
 * @param share 0 to 1; 0.5 is the median.
 * @returns Milliseconds, at most the largest bound; undefined without requests.
 */
export function quantile(buckets: readonly number[], share: number): number | undefined {
  const count = buckets.reduce((sum, bucket) => sum + bucket, 0);
  if (count === 0) return undefined;
  const rank = count * share;
  let below = 0;
  for (const [i, upper] of LATENCY_BOUNDS.entries()) {
    const bucket = buckets[i]!;
    if (bucket > 0 && below + bucket >= rank) {
      const lower = LATENCY_BOUNDS[i - 1] ?? 0;
      return (lower + (upper - lower) * (rank - below) / bucket) * 1000;
    }
    below += bucket;
  }
  return LATENCY_BOUNDS.at(-1)! * 1000;
}
