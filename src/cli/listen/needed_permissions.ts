import type { Config } from "../../config/config.ts";
import { netAddress } from "../../runtime/net_permission.ts";
import type { Args } from "../command_line.ts";
import { CommandError } from "../errors.ts";
import { folderOf } from "./config_reload.ts";
import { discoveryPermissions } from "./discovery_permissions.ts";
import { listenSettings } from "./listen_settings.ts";
import { hostBeforePort } from "./service.ts";

/** Deno splits the value of a flag at commas; these are all it can name a host with. */
const NAMEABLE_ADDRESS = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]+$/;

/** What a program is allowed. */
export interface NeededPermissions {
  /** The addresses it listens on and connects to, host and port. */
  readonly net: readonly string[];
  /** The files and folders it reads. */
  readonly read: readonly string[];
  /** What people have to know of them; undefined where there is nothing. */
  readonly note: string | undefined;
}

/**
 * What `listen` needs to do what a configuration says, and nothing beyond.
 *
 * @param args The command line of `listen`.
 * @param config What the configuration says.
 * @throws {UsageError} If a flag makes no sense.
 * @throws {CommandError} If Deno has no way to permit one of the addresses or files alone.
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
 * The folder with the modules that a worker loads: Deno asks for read permission where they are
 * files, and not where they come from a registry or are in the binary.
 */
function sourceFolder(): string | undefined {
  const url = new URL("../../", import.meta.url);
  return url.protocol === "file:" && !Deno.build.standalone ? pathOf(url) : undefined;
}

/** The path of a file's URL, as the operating system writes it. */
export function pathOf(url: URL): string {
  const path = decodeURIComponent(url.pathname);
  return (Deno.build.os === "windows" ? path.slice(1).replaceAll("/", "\\") : path)
    .replace(/(?<=.)[\\/]$/, "");
}

function checkNameable(what: string, name: string, pattern: RegExp): void {
  if (pattern.test(name)) return;
  throw new CommandError(
    `Cannot permit ${what} ${JSON.stringify(name)} alone: Deno has no way to write it in a flag; ` +
      "give it another name",
  );
}
