import type { z } from "zod";
import type { ServerInit } from "../model/server.ts";
import type { BalancerSettings, HealthCheck, PolicyName } from "../model/settings.ts";
import { camelKeys, type NestedCamelKeys, nestedCamelKeys } from "./names.ts";
import { namingServers, namingServersOrEtcd, settingsSchema } from "./schema.ts";
import { serverListSchema } from "./server_schema.ts";
import { validate } from "./validate.ts";
import { parseYaml } from "./yaml.ts";

/** Connection to etcd, through which several balancers share their servers. */
export interface EtcdSettings {
  /** Client URLs of the etcd members; a member that does not respond is skipped. */
  readonly endpoints: readonly string[];
  /** Prefix of all keys, different for each cluster. Default: `/ballast/`. */
  readonly prefix?: string;
  /** Name that other balancers show for this one. Default: the host's name. */
  readonly name?: string;
  /**
   * Whether each server is checked by a single balancer, which shares the result. Default: false.
   */
  readonly sharedHealth?: boolean;
  /** etcd user, if authentication is enabled. Default: none. */
  readonly user?: string;
  /** File with the user's password. */
  readonly passwordFile?: string;
  /**
   * File with the members' certificate authorities (PEM). Default: those that the runtime trusts.
   */
  readonly caFile?: string;
  /** File with the client certificate (PEM). Default: none. */
  readonly certFile?: string;
  /** File with the private key of the client certificate (PEM). */
  readonly keyFile?: string;
  /** Seconds to keep using servers after etcd has suddenly lost most of them. Default: 30. */
  readonly distrust?: number;
  /** Whether to start with the file's servers if etcd is unreachable. Default: false. */
  readonly optional?: boolean;
}

/** The content of a configuration file, without defaults: omitted settings are absent. */
export interface Config extends BalancerSettings {
  /** The servers, in the file's order. */
  readonly servers: readonly ServerInit[];
  /** Health checks of servers. */
  readonly healthCheck: Partial<HealthCheck>;
  /** Address that accepts requests. Default: 0.0.0.0. */
  readonly host?: string;
  /** Port that accepts requests, 1 to 65535. Default: 80. */
  readonly port?: number;
  /** Address of the admin API. Default: 127.0.0.1. */
  readonly apiHost?: string;
  /** Port of the admin API, 1 to 65535. Default: 8000. */
  readonly apiPort?: number;
  /** Threads that accept connections, 1 to 256; `auto` for one per core. Default: 1. */
  readonly workers?: number | "auto";
  /** Seconds for active requests to finish at shutdown, 0 to 86400. Default: 10. */
  readonly gracePeriod?: number;
  /** Certificate and key files for accepting requests over TLS. Default: none, plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** File with the token that the admin API requires. Default: none, no token is required. */
  readonly apiTokenFile?: string;
  /** Whether other machines may reach the admin API without a token. Default: false. */
  readonly apiWithoutToken?: boolean;
  /** Format of the access log, which is written to standard output. Default: off. */
  readonly accessLog?: "common" | "combined" | "json";
  /** Format of the log. Default: pretty on a terminal, otherwise json. */
  readonly logFormat?: "pretty" | "json";
  /** How a server is chosen for each request. Default: least_connections. */
  readonly policy?: PolicyName;
  /** Uses a cookie to keep each client on the server that first answered it. Default: off. */
  readonly sticky?: "cookie";
  /** File with the secret of the session cookies. Default: a new secret at each start. */
  readonly stickySecretFile?: string;
  /** Settings of TLS connections to `https:` servers. */
  readonly upstreamTls?: { readonly caFile?: string; readonly serverName?: string };
  /** Sharing of servers with other balancers through etcd. Default: none. */
  readonly etcd?: EtcdSettings;
}

/** The settings of a configuration file that leaves out all of them. */
export const DEFAULT_CONFIG: NestedCamelKeys<z.output<typeof settingsSchema>> = nestedCamelKeys(
  settingsSchema,
  settingsSchema.parse({}),
);

/**
 * Parses a configuration: YAML, either a list of servers or a mapping with `servers:` and settings.
 *
 * @param text The YAML text.
 * @param source Name of the text for error messages, such as a file name.
 * @param options With `requireServers: true`, a text without `servers` is refused; with
 * `"without_etcd"`, it is refused unless it has `etcd`. Default: false.
 * @returns The configuration as written, without defaults.
 * @throws {BalancerError} `invalid`, with every fault and its path.
 *
 * @example Parse a configuration
 * ```ts
 * import { parseConfig } from "@ballast/lb";
 *
 * const config = parseConfig("- url: http://127.0.0.1:3001\n  weight: 2\n");
 * console.assert(config.servers[0]?.weight === 2);
 * ```
 */
export function parseConfig(
  text: string,
  source = "the configuration",
  { requireServers = false }: { readonly requireServers?: boolean | "without_etcd" } = {},
): Config {
  // An empty text, or one with only comments, has no settings.
  const value = parseYaml(text, source) ?? {};
  if (Array.isArray(value)) {
    const servers = validate(serverListSchema, value, source, "servers");
    return { servers: servers.map(camelKeys), healthCheck: {} };
  }
  validate(schemaFor(requireServers), value, source);
  const written = value as z.input<typeof settingsSchema>;
  return { servers: [], healthCheck: {}, ...nestedCamelKeys(settingsSchema, written) };
}

function schemaFor(requireServers: boolean | "without_etcd"): typeof settingsSchema {
  if (requireServers === "without_etcd") return namingServersOrEtcd;
  return requireServers ? namingServers : settingsSchema;
}
