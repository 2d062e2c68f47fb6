import type { ServerInit } from "../model/server.ts";
import type {
  AccessLogFormat,
  DnsSettings,
  Ejection,
  Limits,
  PolicyName,
  Retries,
  Timeouts,
} from "../model/settings.ts";
import type { HealthCheck } from "../health/health_check.ts";
import { camelKeys } from "./names.ts";
import { namingServers, namingServersOrEtcd, settingsSchema } from "./schema.ts";
import { serverListSchema } from "./server_schema.ts";
import { validate } from "./validate.ts";
import { parseYaml } from "./yaml.ts";

/** Through which etcd several balancers share their servers. */
export interface EtcdSettings {
  /** The client URLs of its members. */
  readonly endpoints: readonly string[];
  /** What every key begins with. */
  readonly prefix?: string;
  /** How the other balancers call this one. */
  readonly name?: string;
  /** Whether each server is checked by one of the balancers only. */
  readonly sharedHealth?: boolean;
  /** Who asks. */
  readonly user?: string;
  /** The file with the user's password. */
  readonly passwordFile?: string;
  /** The file with the authority that signs the members' certificates. */
  readonly caFile?: string;
  /** The file with a certificate for members that ask for one. */
  readonly certFile?: string;
  /** The file with its private key. */
  readonly keyFile?: string;
  /** For how long a loss of servers is not believed, in seconds. */
  readonly distrust?: number;
  /** Whether to start with the servers of the file while etcd is away. */
  readonly optional?: boolean;
}

/** What a configuration file says. */
export interface Config {
  /** The servers, in the file's order. */
  readonly servers: readonly ServerInit[];
  /** How servers are checked, where the file says so. */
  readonly healthCheck: Partial<HealthCheck>;
  /** The address on which requests are accepted. */
  readonly host?: string;
  /** The port on which requests are accepted, 1 to 65535. */
  readonly port?: number;
  /** The address of the admin API. */
  readonly apiHost?: string;
  /** The port of the admin API, 1 to 65535. */
  readonly apiPort?: number;
  /** How many threads accept connections, 1 to 256, or one for each core. */
  readonly workers?: number | "auto";
  /** How long requests under way get to finish at shutdown, in seconds. */
  readonly gracePeriod?: number;
  /** The files with the certificate and the key by which requests are accepted. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** The file with the token that callers of the admin API must send. */
  readonly apiTokenFile?: string;
  /** Whether others may reach an admin API that asks for no token. */
  readonly apiWithoutToken?: boolean;
  /** The rule for choosing a server. */
  readonly policy?: PolicyName;
  /** Whether clients stay with a server. */
  readonly sticky?: "cookie";
  /** The file with the secret from which the cookies are made. */
  readonly stickySecretFile?: string;
  /** Whose forwarding fields are believed, as addresses and CIDR blocks. */
  readonly trustedProxies?: readonly string[];
  /** How long things may take, where the file says so. */
  readonly timeouts?: Partial<Timeouts>;
  /** When a request goes to another server, where the file says so. */
  readonly retries?: Partial<Retries>;
  /** When a server is taken out, where the file says so. */
  readonly ejection?: Partial<Ejection>;
  /** Seconds in which the weight of a server that comes back grows to what it is. */
  readonly slowStart?: number;
  /** How much is accepted, where the file says so. */
  readonly limits?: Partial<Limits>;
  /** Whether requests are counted. */
  readonly metrics?: boolean;
  /** How each request is written to the standard output. */
  readonly accessLog?: AccessLogFormat;
  /** How the log looks. */
  readonly logFormat?: "pretty" | "json";
  /** How many of the latest picks are kept to be explained. */
  readonly decisions?: number;
  /** How the names of servers with `discover` are looked up. */
  readonly dns?: DnsSettings;
  /** How `https:` servers are spoken to. */
  readonly upstreamTls?: { readonly caFile?: string; readonly serverName?: string };
  /** Through which etcd the servers are shared with other balancers. */
  readonly etcd?: EtcdSettings;
}

/** What a configuration has to say. */
export interface ParseConfigOptions {
  /**
   * Whether a text that does not say which servers there are is refused: an empty one, or a mapping
   * without `servers`. With `"without_etcd"`, one that has `etcd` need not say it. Default: false,
   * and then there are none.
   */
  readonly requireServers?: boolean | "without_etcd";
}

/**
 * Reads a configuration: YAML, either a list of servers or a mapping with `servers:` and settings.
 *
 * @param text The YAML text.
 * @param source Where it comes from, for the message.
 * @param options What it has to say.
 * @returns What it says. Nothing is filled in.
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
  { requireServers = false }: ParseConfigOptions = {},
): Config {
  // An empty text, or one with comments only, says nothing.
  const value = parseYaml(text, source) ?? {};
  if (Array.isArray(value)) {
    const servers = validate(serverListSchema, value, source, "servers");
    return { servers: servers.map(camelKeys), healthCheck: {} };
  }
  const schema = schemaFor(requireServers);
  const { servers = [], health_check = {}, ...settings } = validate(schema, value, source);
  const { timeouts, retries, ejection, limits, upstream_tls, dns, etcd, ...rest } = settings;
  return {
    ...camelKeys(rest),
    ...(timeouts === undefined ? {} : { timeouts: camelKeys(timeouts) }),
    ...(retries === undefined ? {} : { retries: camelKeys(retries) }),
    ...(ejection === undefined ? {} : { ejection: camelKeys(ejection) }),
    ...(limits === undefined ? {} : { limits: camelKeys(limits) }),
    ...(dns === undefined ? {} : { dns: camelKeys(dns) }),
    ...(upstream_tls === undefined ? {} : { upstreamTls: camelKeys(upstream_tls) }),
    ...(etcd === undefined ? {} : { etcd: camelKeys(etcd) }),
    servers: servers.map(camelKeys),
    healthCheck: camelKeys(health_check),
  };
}

function schemaFor(requireServers: ParseConfigOptions["requireServers"]): typeof settingsSchema {
  if (requireServers === "without_etcd") return namingServersOrEtcd;
  return requireServers ? namingServers : settingsSchema;
}
