import type { Config } from "../../config/config.ts";
import { HOSTS, RESOLV_CONF, systemResolver } from "../../discovery/system_resolver.ts";
import { errorText } from "../../model/error_text.ts";
import { addressAndPort, type NameServer, parseNameServer } from "../../model/name_server.ts";
import type { ServerInit } from "../../model/server.ts";
import { netAddress } from "../../runtime/net_permission.ts";
import type { Args } from "../command_line.ts";
import { CommandError } from "../errors.ts";
import { folderOf } from "./config_reload.ts";
import { listenSettings } from "./listen_settings.ts";
import { hostBeforePort } from "./service.ts";

/** The addresses that Deno's flags can name: they are split at commas, among others. */
const NAMEABLE_ADDRESS = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]+$/;

/** Deno permissions of a program. */
export interface NeededPermissions {
  /** The addresses that it listens on and connects to, as host and port. */
  readonly net: readonly string[];
  /** The files and folders that it reads. */
  readonly read: readonly string[];
  /** A hint for the user; undefined if there is none. */
  readonly note: string | undefined;
}

/**
 * The minimal permissions with which `listen` can run a configuration.
 *
 * @throws {UsageError} If a flag is invalid.
 * @throws {CommandError} If Deno cannot permit one of the addresses or files alone.
 */
export async function neededPermissions(args: Args, config: Config): Promise<NeededPermissions> {
  const { host, port, apiHost, apiPort, workers, tls, etcd } = listenSettings(args, config);
  const net = [
    `${hostBeforePort(host)}:${port}`,
    `${hostBeforePort(apiHost)}:${apiPort}`,
    ...config.servers.filter(({ discover }) => discover === undefined)
      .map(({ url }) => netAddress(url)),
    ...(etcd?.endpoints ?? []).map(netAddress),
  ];
  const path = args.text("config");
  const read = [
    path,
    path !== undefined && args.has("watch") ? folderOf(path) : undefined,
    tls?.cert,
    tls?.key,
    args.text("api-token-file") ?? config.apiTokenFile,
    config.sticky === undefined ? undefined : config.stickySecretFile,
    config.upstreamTls?.caFile,
    etcd?.passwordFile,
    etcd?.caFile,
    etcd?.certFile,
    etcd?.keyFile,
    workers === 1 ? undefined : sourceFolder(),
  ].filter((file) => file !== undefined);
  for (const address of net) checkNameable("the address", address, NAMEABLE_ADDRESS);
  for (const file of read) checkNameable("the file", file, /^[^,]+$/);
  const discovery = await discoveryPermissions(config);
  return {
    net: [...new Set([...net, ...discovery.net])],
    read: [...new Set([...read, ...discovery.read])],
    note: discovery.note,
  };
}

/**
 * The permissions for discovering servers. The addresses of the servers are not known beforehand, so
 * these include every IPv4 address, with the port if it is known.
 *
 * @throws {CommandError} If the name servers of the system cannot be read.
 */
async function discoveryPermissions(config: Config): Promise<NeededPermissions> {
  const sources = config.servers.filter(({ discover }) => discover !== undefined);
  if (sources.length === 0) return { net: [], read: [], note: undefined };
  const configured = parseNameServer(config.dns?.server ?? "");
  const nameServers = configured === undefined ? await systemNameServers() : [configured];
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

async function systemNameServers(): Promise<readonly NameServer[]> {
  try {
    return (await systemResolver()).servers;
  } catch (error) {
    throw new CommandError(`Cannot determine the system's name servers: ${errorText(error)}`);
  }
}

/**
 * The folder of the modules that a worker loads. Deno requires read permission for them if they are
 * files, but not if they come from a registry or are compiled in.
 */
function sourceFolder(): string | undefined {
  const url = new URL("../../", import.meta.url);
  return url.protocol === "file:" && !Deno.build.standalone ? pathOf(url) : undefined;
}

/** The path of a file URL, as the operating system writes it. */
export function pathOf(url: URL): string {
  const path = decodeURIComponent(url.pathname);
  return (Deno.build.os === "windows" ? path.slice(1).replaceAll("/", "\\") : path)
    .replace(/(?<=.)[\\/]$/, "");
}

function checkNameable(what: string, name: string, pattern: RegExp): void {
  if (pattern.test(name)) return;
  throw new CommandError(
    `Cannot permit ${what} ${JSON.stringify(name)}: Deno's flags cannot express it; rename it`,
  );
}
