import { z } from "zod";
import { momentSchema, readValue, textSchema } from "../store/values.ts";

/** How much of what a check found is told. */
const DETAIL_MAX = 200;
/** How many servers whose health is not known yet are named; of more, only that there are many. */
export const PENDING_MAX = 100;
/** How long results may be with and without what the checks found; etcd takes 1.5 MB. */
const TEXT_MAX = 500_000;
const SHORT_TEXT_MAX = 1_000_000;

/**
 * By what a balancer checks servers: it says so again and again, as a sign that it is there. Its
 * results count where it means the same check and servers as the one who reads them.
 */
export interface Basis {
  /** The fingerprint of what it asks servers for, and what passes. */
  readonly check: string;
  /** The digest of the servers that it is to check. */
  readonly servers: string;
}

/** A server that a balancer has found to be unhealthy. */
export interface DownServer {
  /** Its URL. */
  readonly url: string;
  /** What the check found, for people. */
  readonly detail: string;
  /** Since when it is so, by that balancer's clock. */
  readonly since: Date;
}

/** What a balancer has found out about the servers that it is to check: all others are healthy. */
export interface Results {
  /** Those that are unhealthy. */
  readonly down: readonly DownServer[];
  /**
   * The URLs of those of which it does not know yet, or cannot find out any more; `many` where they are too many to be named,
   * `all` where it can say nothing of any.
   */
  readonly pending: readonly string[] | "many" | "all";
}

/** What is known where nothing is. */
export const NO_RESULTS: Results = { down: [], pending: "all" };

const basisSchema = z.object({
  check: textSchema(100),
  servers: textSchema(100),
}, { error: "must be a JSON object" });

const resultsSchema = z.object({
  down: z.array(z.object({
    url: textSchema(2048),
    detail: textSchema(DETAIL_MAX),
    since: momentSchema,
  })),
  pending: z.union([z.array(textSchema(2048)), z.enum(["many", "all"])], {
    error: 'must be a list of URLs, "many" or "all"',
  }),
}, { error: "must be a JSON object" });

/** What a balancer checks by, as the value of its key. */
export function basisValue({ check, servers }: Basis): string {
  return JSON.stringify({ check, servers });
}

/**
 * Reads what a balancer checks by.
 *
 * @throws {BalancerError} `invalid`, with every fault.
 */
export function readBasis(value: string): Basis {
  return readValue(basisSchema, value);
}

/** Results as the value of their key. Where it would be too long, it says less. */
export function resultsValue({ down, pending }: Results): string {
  const short = pending.length > PENDING_MAX ? "many" : pending;
  const value = resultsText(down, short, DETAIL_MAX);
  if (value.length <= TEXT_MAX) return value;
  const shorter = resultsText(down, short, 0);
  return shorter.length <= SHORT_TEXT_MAX ? shorter : JSON.stringify(NO_RESULTS);
}

/**
 * Reads results.
 *
 * @throws {BalancerError} `invalid`, with every fault.
 */
export function readResults(value: string): Results {
  return readValue(resultsSchema, value);
}

function resultsText(
  down: readonly DownServer[],
  pending: Results["pending"],
  detailMax: number,
): string {
  const servers = down.map(({ url, detail, since }) => ({
    url,
    detail: detail.slice(0, detailMax),
    since: since.toISOString(),
  }));
  return JSON.stringify({ down: servers, pending });
}
