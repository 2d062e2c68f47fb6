import { addressAndPort, parseNameServer } from "../model/name_server.ts";
import type { ServerInit } from "../model/server.ts";
import { netAddress } from "../runtime/net_permission.ts";
import { HOSTS, RESOLV_CONF, systemResolver } from "./system_resolver.ts";

/** Deno permissions that are needed for a task. */
export interface NeededPermissions {
  /** The addresses to listen on and connect to, as host and port. */
  readonly net: readonly string[];
  /** The files and folders to read. */
  readonly read: readonly string[];
  /** A hint for the user; undefined if there is none. */
  readonly note: string | undefined;
}

/**
 * The permissions for discovering servers. The addresses of the servers are not known beforehand, so
 * these include every IPv4 address, with the port if it is known.
 *
 * @param servers The configured servers, with and without `discover`.
 * @param nameServer The configured name server; undefined for those of the system.
 * @throws {Error} If the name servers of the system cannot be read.
 */
export async function discoveryPermissions(
  servers: readonly ServerInit[],
  nameServer: string | undefined,
): Promise<NeededPermissions> {
  const sources = servers.filter(({ discover }) => discover !== undefined);
  if (sources.length === 0) return { net: [], read: [], note: undefined };
  const configured = parseNameServer(nameServer ?? "");
  const nameServers = configured === undefined ? (await systemResolver()).servers : [configured];
  // The names of SRV records are not host names, so /etc/hosts has none of them.
  const usesHosts = sources.some(({ discover }) => discover === "dns");
  const subnets = [...new Set(sources.map(subnetOf))];
  return {
    net: [
      ...nameServers.map(({ address, port }) => addressAndPort(address, port)),
      // For answers over UDP, from name servers without TCP.
      ...nameServers.map(({ address }) => address.includes(":") ? "[::]:0" : "0.0.0.0:0"),
      ...subnets,
    ],
    read: configured === undefined ? [RESOLV_CONF, ...usesHosts ? [HOSTS] : []] : [],
    note: "The addresses of discovered servers are not known beforehand, so any IPv4 address is " +
      `permitted (${
        subnets.join(", ")
      }). To narrow that down, put the servers' subnets there, for ` +
      `example ${subnets[0]!.replace("0.0.0.0/0", "10.0.0.0/8")}. Deno does not support IPv6 ` +
      "subnets: list such addresses one by one, or permit all with --allow-net.",
  };
}

/** Any IPv4 address with the port of a source. With `dns-srv`, the records determine the port. */
function subnetOf({ url, discover }: ServerInit): string {
  const port = netAddress(url).replace(/^.*:/, "");
  return discover === "dns-srv" ? "0.0.0.0/0" : `0.0.0.0/0:${port}`;
}
