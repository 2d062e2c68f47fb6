import { z } from "zod";
import { momentSchema, parseValue, textSchema } from "../store/values.ts";

/** Maximum length of a check's detail, in characters. */
const DETAIL_MAX = 200;
/** Maximum number of pending servers that results list; more are `many`. */
export const PENDING_MAX = 100;
/** Maximum length of results with and without details, in characters; etcd accepts 1.5 MB. */
const TEXT_MAX = 500_000;
const SHORT_TEXT_MAX = 1_000_000;

/**
 * The basis of a balancer's results, published with each heartbeat. Its results count for readers that
 * use the same check for the same servers.
 */
export interface Basis {
  /** Fingerprint of the health check. */
  readonly check: string;
  /** Digest of the servers that it checks. */
  readonly servers: string;
}

/** An unhealthy server. */
export interface DownServer {
  /** Its URL. */
  readonly url: string;
  /** Result of the check, for display. */
  readonly detail: string;
  /** Since when it has been unhealthy, by the clock of the balancer that checks it. */
  readonly since: Date;
}

/** Results of the servers that a balancer checks: those not listed are healthy. */
export interface Results {
  /** The unhealthy servers. */
  readonly down: readonly DownServer[];
  /**
   * URLs of the servers without a result, because they were not checked yet or cannot be checked;
   * `many` if there are too many to list, `all` if no server has a result.
   */
  readonly pending: readonly string[] | "many" | "all";
}

/** Results that say nothing about any server. */
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

/** Formats a basis as the value of its key. */
export function basisValue({ check, servers }: Basis): string {
  return JSON.stringify({ check, servers });
}

/**
 * Parses the value of a basis key.
 *
 * @throws {BalancerError} `invalid`, with every fault.
 */
export function parseBasis(text: string): Basis {
  return parseValue(basisSchema, text);
}

/** Formats results as the value of their key, with fewer details if it would get too long. */
export function resultsValue({ down, pending }: Results): string {
  const short = pending.length > PENDING_MAX ? "many" : pending;
  const value = resultsText(down, short, DETAIL_MAX);
  if (value.length <= TEXT_MAX) return value;
  const shorter = resultsText(down, short, 0);
  return shorter.length <= SHORT_TEXT_MAX ? shorter : JSON.stringify(NO_RESULTS);
}

/**
 * Parses the value of a results key.
 *
 * @throws {BalancerError} `invalid`, with every fault.
 */
export function parseResults(text: string): Results {
  return parseValue(resultsSchema, text);
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
