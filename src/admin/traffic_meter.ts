import type { ErrorCode } from "../model/errors.ts";
import type { EventLog } from "../state/event_log.ts";
import type { ServerTraffic, Traffic } from "../state/traffic_table.ts";
import { quantile } from "./quantile.ts";

/** Over how many seconds rates are to be. */
const WINDOW = 10;
/** How many seconds there are between two readings that are kept, and in a window, at least. */
const SHORTEST = 1;

/** What became of requests through no fault of the servers or the balancer. */
const CLIENT_FAULTS: readonly ErrorCode[] = [
  ...["client_gone", "request_timeout", "content_too_large", "head_too_large"] as const,
  "bad_request",
];

/** What a meter reads. */
export interface MeterSource {
  /** What was counted. */
  traffic(): Traffic;
  /** What has happened to the servers. */
  readonly events: EventLog;
}

/** How much there is of something, and how fast. */
export interface Measurement {
  /** Requests that were answered, since it was added. */
  readonly requests: number;
  /** Requests in a second; undefined where they are not counted. */
  readonly requestsPerSecond: number | undefined;
  /** Those that failed in a second; undefined where they are not counted. */
  readonly errorsPerSecond: number | undefined;
  /** How long half of the requests took, in milliseconds; undefined if there were none. */
  readonly p50: number | undefined;
  /** How long 99 of a hundred requests took at most, in milliseconds; undefined if there were none. */
  readonly p99: number | undefined;
}

/** What a meter shows. */
export interface Measurements {
  /** What was read. */
  readonly traffic: Traffic;
  /** How many seconds the rates and quantiles are over. */
  readonly window: number;
  /** Everything together. Requests that no server answered are among them. */
  readonly total: Measurement;
  /** How many requests no server answered. */
  readonly refused: number;
  /** Each server by its URL. Responses of 5xx and tries that failed are its errors. */
  readonly servers: ReadonlyMap<string, Measurement>;
}

/** What the rates come from: counts that only grow, as long as they are of the same server. */
interface Counts {
  readonly requests: number;
  readonly errors: number;
  readonly buckets: readonly number[];
}

interface Reading {
  /** When it was, by the age of the balancer in seconds. */
  readonly at: number;
  /** The number of the latest event by then. */
  readonly event: number;
  readonly total: Counts;
  readonly servers: ReadonlyMap<string, Counts>;
}

const NONE: Counts = { requests: 0, errors: 0, buckets: [] };
const BEGINNING: Reading = { at: 0, event: 0, total: NONE, servers: new Map() };

/**
 * Tells how fast requests come, over about the last ten seconds. It keeps what was read before, and
 * reads only when somebody asks: the first time, it tells how it was since the balancer began.
 */
export class TrafficMeter {
  readonly #source: MeterSource;
  #readings: Reading[] = [BEGINNING];

  /** @param source What to read. */
  constructor(source: MeterSource) {
    this.#source = source;
  }

  /** Reads it. */
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

  /** What to compare with: of the readings that are not too young, the one that is about right. */
  #base(now: number): Reading {
    let best = this.#readings[0]!;
    for (const reading of this.#readings) {
      const age = now - reading.at;
      if (age < SHORTEST) break;
      if (Math.abs(age - WINDOW) <= Math.abs(now - best.at - WINDOW)) best = reading;
    }
    return best;
  }

  /** Keeps a reading for later, and none that will not be compared with any more. */
  #keep(now: Reading, base: Reading): void {
    this.#readings = this.#readings.slice(this.#readings.indexOf(base));
    if (now.at - this.#readings.at(-1)!.at >= SHORTEST) this.#readings.push(now);
  }

  /** The servers that were added in the meantime; undefined where too much has happened. */
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

/** How many requests no server answered, but for these reasons. */
function refusals({ overall }: Traffic, without: readonly ErrorCode[] = []): number {
  return overall.refusals.reduce(
    (sum, [code, count]) => without.includes(code) ? sum : sum + count,
    0,
  );
}

/** What came on top. Counts that are smaller than before began anew, and all of them are on top. */
function difference(now: Counts, before: Counts): Counts {
  // Most of thousands of servers; what is counted of durations is counted as a request too.
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
