import type { z } from "zod";
import type { ServerInit } from "../model/server.ts";
import type { BalancerSettings, HealthCheck, PolicyName } from "../model/settings.ts";
import { camelKeys, type NestedCamelKeys, nestedCamelKeys } from "./names.ts";
import { namingServers, namingServersOrEtcd, settingsSchema } from "./schema.ts";
import { serverListSchema } from "./server_schema.ts";
import { validate } from "./validate.ts";
import { parseYaml } from "./yaml.ts";

/** The etcd through which several balancers share their servers. */
export interface EtcdSettings {
  /** Client URLs of its members. */
  readonly endpoints: readonly string[];
  /** Prefix of every key. Default: `/ballast/`. */
  readonly prefix?: string;
  /** Name of this balancer for the others. Default: the host's name. */
  readonly name?: string;
  /** Whether each server is checked by only one of the balancers. Default: false. */
  readonly sharedHealth?: boolean;
  /** User of etcd. Default: none. */
  readonly user?: string;
  /** File with the user's password. */
  readonly passwordFile?: string;
  /** File with the authority that signs the members' certificates. Default: the runtime's list. */
  readonly caFile?: string;
  /** File with a client certificate. Default: none. */
  readonly certFile?: string;
  /** File with its private key. */
  readonly keyFile?: string;
  /** Seconds before a sudden loss of most servers is believed. Default: 30. */
  readonly distrust?: number;
  /** Whether to start with the servers of the file while etcd cannot be reached. Default: false. */
  readonly optional?: boolean;
}

/** A configuration file. Settings that it leaves out are absent. */
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
  /** Threads that accept connections, 1 to 256, or one for each core. Default: 1. */
  readonly workers?: number | "auto";
  /** Seconds that requests in flight get to finish at shutdown, 0 to 86400. Default: 10. */
  readonly gracePeriod?: number;
  /** Files for accepting requests over TLS. Default: none, plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** File with the token that callers of the admin API must send. Default: none is needed. */
  readonly apiTokenFile?: string;
  /** Whether other machines may reach an admin API that needs no token. Default: false. */
  readonly apiWithoutToken?: boolean;
  /** Format of the access log, which goes to the standard output. Default: off. */
  readonly accessLog?: "common" | "combined" | "json";
  /** Format of the log. Default: pretty on a terminal, else json. */
  readonly logFormat?: "pretty" | "json";
  /** The policy. Default: least_connections. */
  readonly policy?: PolicyName;
  /** Sticky sessions. Default: off. */
  readonly sticky?: "cookie";
  /** File with the secret of sticky sessions. Default: a new secret at each start. */
  readonly stickySecretFile?: string;
  /** TLS to `https:` servers. */
  readonly upstreamTls?: { readonly caFile?: string; readonly serverName?: string };
  /** The etcd through which the servers are shared with other balancers. Default: none. */
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
 * @param source Name of the text in error messages.
 * @param options `requireServers`: whether a text without servers is refused: an empty one, or a
 * mapping without `servers`. With `"without_etcd"`, a mapping with `etcd` may leave them out. Default:
 * false; then there are none.
 * @returns The configuration as it is written: no defaults are filled in.
 * @throws {BalancerError} `invalid`, with every fault and its path.
 *
 * @example
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
