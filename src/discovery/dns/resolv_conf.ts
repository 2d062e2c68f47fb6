import { isDnsName } from "../../core/host.ts";
import { type NameServer, parseNameServer } from "../../core/name_server.ts";

/** How many name servers count, as in other resolvers (resolv.conf(5), `MAXNS`). */
const SERVERS_MAX = 3;
/** The largest `ndots` that counts (resolv.conf(5)). */
const NDOTS_MAX = 15;

/** Whom to ask, and for what. */
export interface ResolverConfig {
  /** The name servers, in the order in which they are asked. */
  readonly servers: readonly NameServer[];
  /** Domains that are put behind names which are not full. */
  readonly search: readonly string[];
  /** Names with at least so many dots are tried as they are first. */
  readonly ndots: number;
}

/**
 * Reads the text of `/etc/resolv.conf` (resolv.conf(5)): `nameserver`, `search`, `domain` and the
 * option `ndots`. What is not understood is skipped, as other resolvers do.
 *
 * @param text The text.
 */
export function parseResolvConf(text: string): ResolverConfig {
  const servers: NameServer[] = [];
  let search: string[] = [];
  let ndots = 1;
  for (const line of text.split("\n")) {
    const [keyword, ...values] = line.replace(/[#;].*$/, "").trim().split(/\s+/);
    if (keyword === "nameserver") {
      const server = parseNameServer(values[0] ?? "");
      if (server !== undefined && servers.length < SERVERS_MAX) servers.push(server);
    } else if (keyword === "search" || keyword === "domain") {
      search = values.filter((domain) => domain !== "." && isDnsName(domain));
    } else if (keyword === "options") {
      const [, given] = /^ndots:([0-9]{1,3})$/.exec(values.findLast(isNdots) ?? "") ?? [];
      if (given !== undefined) ndots = Math.min(Number(given), NDOTS_MAX);
    }
  }
  return { servers, search, ndots };
}

/**
 * The full names that a name may stand for, in the order in which they are tried: with each domain
 * of the search list behind it, and as it is; a name that ends with a dot is full already.
 *
 * @param host The name.
 * @param config The search list.
 */
export function fullNames(host: string, { search, ndots }: ResolverConfig): readonly string[] {
  if (host.endsWith(".")) return [host.slice(0, -1)];
  const longer = search.map((domain) => `${host}.${domain.replace(/\.$/, "")}`).filter(isDnsName);
  const dots = host.split(".").length - 1;
  return dots >= ndots ? [host, ...longer] : [...longer, host];
}

function isNdots(option: string): boolean {
  return option.startsWith("ndots:");
}
