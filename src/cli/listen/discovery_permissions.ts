import type { Config } from "../../config/config.ts";
import { HOSTS, RESOLV_CONF, systemResolver } from "../../discovery/system_resolver.ts";
import { errorText } from "../../model/error_text.ts";
import { addressAndPort, type NameServer, parseNameServer } from "../../model/name_server.ts";
import type { ServerInit } from "../../model/server.ts";
import { netAddress } from "../../runtime/net_permission.ts";
import { CommandError } from "../errors.ts";

/** What `listen` has to be permitted for its entries, beside what it has for servers. */
export interface DiscoveryPermissions {
  /** The addresses and subnets it connects to. */
  readonly net: readonly string[];
  /** The files it reads. */
  readonly read: readonly string[];
  /** What people have to know of this; undefined where there is no entry. */
  readonly note: string | undefined;
}

/**
 * What `listen` has to be permitted for the entries of a configuration. The addresses that they will
 * find are not known beforehand, so it is all of them, with the port where it is known.
 *
 * @param config What the configuration says.
 * @throws {CommandError} If it cannot be found out which name servers will be asked.
 */
export async function discoveryPermissions(config: Config): Promise<DiscoveryPermissions> {
  const entries = config.servers.filter(({ discover }) => discover !== undefined);
  if (entries.length === 0) return { net: [], read: [], note: undefined };
  const own = parseNameServer(config.dns?.server ?? "");
  const servers = own === undefined ? await systemServers() : [own];
  // SRV records are no names of hosts.
  const isAnyDns = entries.some(({ discover }) => discover === "dns");
  const subnets = [...new Set(entries.map(subnetOf))];
  return {
    net: [
      ...servers.map(({ address, port }) => addressAndPort(address, port)),
      // To receive answers over UDP, from name servers that take no TCP.
      ...servers.map(({ address }) => address.includes(":") ? "[::]:0" : "0.0.0.0:0"),
      ...subnets,
    ],
    read: own === undefined ? [RESOLV_CONF, ...isAnyDns ? [HOSTS] : []] : [],
    note: "Which addresses will be discovered is not known beforehand. Put the subnets that the " +
      `servers are in where any IPv4 address is permitted (${subnets.join(", ")}), for example ` +
      `${subnets[0]!.replace("0.0.0.0/0", "10.0.0.0/8")}. Deno takes no subnets of IPv6: name ` +
      "such addresses one by one, or permit all with --allow-net.",
  };
}

/** Any IPv4 address, with the port that the servers of an entry have; an SRV record may tell any. */
function subnetOf({ url, discover }: ServerInit): string {
  const port = netAddress(url).replace(/^.*:/, "");
  return discover === "dns-srv" ? "0.0.0.0/0" : `0.0.0.0/0:${port}`;
}

async function systemServers(): Promise<readonly NameServer[]> {
  try {
    return (await systemResolver()).servers;
  } catch (error) {
    const why = errorText(error);
    throw new CommandError(`Cannot tell which name servers will be asked: ${why}`);
  }
}
