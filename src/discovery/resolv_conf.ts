import { isDnsName } from "../model/host.ts";
import { type NameServer, parseNameServer } from "../model/name_server.ts";

/** How many name servers count, as in other resolvers (resolv.conf(5), `MAXNS`). */
const SERVERS_MAX = 3;
/** The largest `ndots` that counts (resolv.conf(5)). */
const NDOTS_MAX = 15;

/** The longest time-out in seconds, and the most attempts, that count (resolv.conf(5)). */
const TIMEOUT_MAX = 30;
const ATTEMPTS_MAX = 5;
/** How long a name server has to answer, in milliseconds, where nothing else is said. */
export const DEFAULT_TIMEOUT = 2000;
/** How often all are asked then: by TCP, and by UDP again and again, is more than one question. */
export const DEFAULT_ATTEMPTS = 1;

/** The configuration of a resolver. */
export interface ResolverConfig {
  /** The name servers, in the order in which they are asked. */
  readonly servers: readonly NameServer[];
  /** Domains that are appended to relative names. */
  readonly search: readonly string[];
  /** Names with at least so many dots are tried as they are first. */
  readonly ndots: number;
  /** How long a name server has to answer by TCP, and then by UDP, in milliseconds. */
  readonly timeout: number;
  /** How often all name servers are asked before a lookup fails. */
  readonly attempts: number;
}

/**
 * Parses `/etc/resolv.conf` (resolv.conf(5)): `nameserver`, `search`, `domain` and the options
 * `ndots`, `timeout` and `attempts`. Anything else is skipped, as other resolvers do.
 *
 * @param text The text.
 */
export function parseResolvConf(text: string): ResolverConfig {
  const servers: NameServer[] = [];
  let search: string[] = [];
  const options = { ndots: 1, timeout: DEFAULT_TIMEOUT / 1000, attempts: DEFAULT_ATTEMPTS };
  for (const line of text.split("\n")) {
    const [keyword, ...values] = line.replace(/[#;].*$/, "").trim().split(/\s+/);
    if (keyword === "nameserver") {
      const server = parseNameServer(values[0] ?? "");
      if (server !== undefined && servers.length < SERVERS_MAX) servers.push(server);
    } else if (keyword === "search" || keyword === "domain") {
      search = values.filter((domain) => domain !== "." && isDnsName(domain));
    } else if (keyword === "options") {
      for (const value of values) readOption(value, options);
    }
  }
  const { ndots, timeout, attempts } = options;
  return { servers, search, ndots, timeout: timeout * 1000, attempts };
}

/**
 * Expands a name by the search list: with each of its domains appended, and as it is, in the order in
 * which the names are looked up. A name that ends with a dot is full already.
 *
 * @param host The name.
 * @param config The search list.
 */
export function fullNames(
  host: string,
  { search, ndots }: Pick<ResolverConfig, "search" | "ndots">,
): readonly string[] {
  if (host.endsWith(".")) return [host.slice(0, -1)];
  const longer = search.map((domain) => `${host}.${domain.replace(/\.$/, "")}`).filter(isDnsName);
  const dots = host.split(".").length - 1;
  return dots >= ndots ? [host, ...longer] : [...longer, host];
}

/** Applies an option; a later one overrides an earlier one. */
function readOption(
  option: string,
  options: Record<"ndots" | "timeout" | "attempts", number>,
): void {
  const [, name, digits] = /^(ndots|timeout|attempts):([0-9]{1,6})$/.exec(option) ?? [];
  const value = Number(digits);
  if (name === "ndots") options.ndots = Math.min(value, NDOTS_MAX);
  if (name === "timeout") options.timeout = Math.max(1, Math.min(value, TIMEOUT_MAX));
  if (name === "attempts") options.attempts = Math.max(1, Math.min(value, ATTEMPTS_MAX));
}
