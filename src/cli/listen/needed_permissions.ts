import type { Config } from "../../config/config.ts";
import {
  discoveryPermissions,
  type NeededPermissions,
} from "../../discovery/discovery_permissions.ts";
import { errorText } from "../../model/error_text.ts";
import { netAddress } from "../../runtime/net_permission.ts";
import type { Args } from "../command_line.ts";
import { CommandError } from "../errors.ts";
import { folderOf } from "./config_reload.ts";
import { listenSettings } from "./listen_settings.ts";
import { hostBeforePort } from "./serve.ts";

/** The addresses that Deno's flags can name: they are split at commas, among others. */
const NAMEABLE_ADDRESS = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]+$/;

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
  const discovery = await readDiscoveryPermissions(config);
  return {
    net: [...new Set([...net, ...discovery.net])],
    read: [...new Set([...read, ...discovery.read])],
    note: discovery.note,
  };
}

async function readDiscoveryPermissions({ servers, dns }: Config): Promise<NeededPermissions> {
  try {
    return await discoveryPermissions(servers, dns?.server);
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
