import { z } from "zod";
import { checkServers } from "./check_servers.ts";
import { completeOptions } from "../config/check_options.ts";
import type { Config } from "../config/config.ts";
import { checkKeys, type KnownKeys } from "../config/known_keys.ts";
import {
  accessLogSchema,
  balancerSchema,
  DEFAULT_POLICY,
  healthCheckSchema,
  POLICY_ERROR,
  policySchema,
  serverNameSchema,
  workersSchema,
} from "../config/settings_schema.ts";
import { nestedCamelKeys, nestedSnakeKeys } from "../config/names.ts";
import { invalid } from "../config/validate.ts";
import { type Certificate, checkAuthorities } from "../fronts/web/certificate.ts";
import type { ListenOptions } from "../fronts/web/listener.ts";
import { callGuarded } from "../model/guarded_call.ts";
import type { ServerInit } from "../model/server.ts";
import {
  type BalancerSettings,
  type HealthCheck,
  type PolicyName,
  type ProxySettings,
  type Sticky,
  STICKY_SECRET_MIN_LENGTH,
  type UpstreamTls,
} from "../model/settings.ts";
import { mayReusePort } from "../runtime/reuse_port.ts";
import type { Policy } from "../state/policy.ts";

/**
 * Options of a {@linkcode LoadBalancer}: settings that a file can have, and some that only a
 * program can.
 */
export interface LoadBalancerOptions extends BalancerSettings {
  /** The initial servers. Default: none. */
  readonly servers?: readonly ServerInit[];
  /**
   * Number of threads that accept connections after {@linkcode LoadBalancer.listen}, 1 to 256. More
   * than 1 needs Deno with `--unstable-net`. Default: 1, the calling thread.
   */
  readonly workers?: number;
  /**
   * How a server is chosen for each request: the name of a policy, or a policy object, which works
   * with one worker only. Default: "least_connections".
   */
  readonly policy?: PolicyName | Policy;
  /** Settings of TLS connections to `https:` servers. */
  readonly upstreamTls?: UpstreamTls;
  /** Sticky sessions: keeps each client on the server that first answered it. Default: off. */
  readonly sticky?: {
    /**
     * Secret that the cookies are computed from, so that they cannot be forged; at least 16
     * characters. Balancers with the same secret accept each other's cookies.
     */
    readonly secret: string;
  };
  /** Access log: a line for each request, written when the request ends. Default: off. */
  readonly accessLog?: {
    /** Format of the lines. */
    readonly format: "common" | "combined" | "json";
    /**
     * Receives whole lines, each with its line feed: every 200 ms, or earlier once there are some
     * 64 KiB. Called on the thread that created the balancer; lines of one worker are in the order
     * in which requests ended. If it throws or returns a promise that rejects, the error is logged,
     * and the lines are lost.
     *
     * @param lines The lines.
     */
    write(lines: string): unknown;
  };
}

/** See {@linkcode LoadBalancerOptions.accessLog}. */
export type AccessLogOptions = NonNullable<LoadBalancerOptions["accessLog"]>;

/** The options that a file does not have, or has in another form. */
const programSchema = {
  servers: z.array(z.custom<ServerInit>(), { error: "must be a list of servers" }).default([]),
  workers: workersSchema.default(1),
  policy: z.union([policySchema, z.custom<Policy>(isPolicy)], { error: POLICY_ERROR }).default(
    DEFAULT_POLICY,
  ),
  upstream_tls: z.strictObject({
    ca_certs: z.array(z.string({ error: "must be a certificate in PEM form" }), {
      error: "must be a list of certificates in PEM form",
    }).optional(),
    server_name: serverNameSchema.optional(),
  }, { error: "must be an object with caCerts and serverName" }).prefault({}),
  // Checked below: no message may show a secret.
  sticky: z.unknown().optional(),
  access_log: z.strictObject({
    format: accessLogSchema,
    write: z.custom<AccessLogOptions["write"]>((value) => typeof value === "function", {
      error: "is not a function that takes lines",
    }),
  }, { error: "must be an object with format and write" }).optional(),
};

type GivenSettings = z.input<typeof balancerSchema>;

const optionsSchema = z.strictObject({ ...balancerSchema.shape, ...programSchema }, {
  error: "must be an object",
});

/** Options that were checked, with the defaults filled in. */
export interface CheckedOptions {
  /** The first single servers. */
  readonly servers: readonly ServerInit[];
  /** The first sources of discovered servers. */
  readonly sources: readonly ServerInit[];
  /** Number of threads that accept connections. */
  readonly workers: number;
  /** The policy on this thread. */
  readonly policy: PolicyName | Policy;
  /** Settings of every thread. */
  readonly settings: ProxySettings;
  /** Writes lines of the access log; never throws. */
  readonly writeAccessLog: (lines: string) => void;
  /** The options as a configuration file has them, without servers. */
  readonly config: Config;
}

/**
 * Checks the options of a balancer.
 *
 * @throws {BalancerError} `invalid`, with every fault; or every fault of the first server that has one.
 */
export function checkBalancerOptions(options: LoadBalancerOptions): CheckedOptions {
  const { workers, policy: _, accessLog, servers: inits, ...settings } = completeOptions(
    optionsSchema,
    options,
    "the options",
  );
  checkAuthorities(settings.upstreamTls.caCerts ?? []);
  // The originals: copies would lose their methods' `this`.
  const { policy = DEFAULT_POLICY, accessLog: log } = options;
  checkWorkers(workers, policy);
  const servers = checkServers(inits);
  return {
    servers: servers.filter(({ discover }) => discover === undefined),
    sources: servers.filter(({ discover }) => discover !== undefined),
    workers,
    policy,
    settings: {
      ...settings,
      policy: typeof policy === "string" ? policy : DEFAULT_POLICY,
      sticky: options.sticky === undefined ? undefined : checkSticky(options.sticky),
      accessLog: accessLog?.format,
    },
    writeAccessLog: (lines) => callGuarded("write the access log", () => log?.write(lines)),
    config: configOf(options),
  };
}

/**
 * The configuration file of a balancer with these checked options, without servers. It leaves out
 * what a file cannot have: a custom policy, certificates as text, and the secret of sticky sessions.
 */
function configOf(options: LoadBalancerOptions): Config {
  const { workers, policy, sticky, accessLog, upstreamTls } = options;
  const serverName = upstreamTls?.serverName;
  // The caller may change its objects later.
  return structuredClone({
    healthCheck: {},
    // Only the settings, also of instances of classes.
    ...nestedCamelKeys(balancerSchema, nestedSnakeKeys(balancerSchema, options) as GivenSettings),
    ...(workers === undefined ? {} : { workers }),
    ...(typeof policy === "string" ? { policy } : {}),
    ...(sticky === undefined ? {} : { sticky: "cookie" as const }),
    ...(accessLog === undefined ? {} : { accessLog: accessLog.format }),
    ...(serverName === undefined ? {} : { upstreamTls: { serverName } }),
    servers: [],
  });
}

const LISTEN_NAMES: KnownKeys<ListenOptions> = {
  ...{ port: true, hostname: true, signal: true, tls: true },
};
const CERTIFICATE_NAMES: KnownKeys<Certificate> = { cert: true, key: true };

/**
 * Checks the names of the options of a listener; the runtime checks their values.
 *
 * @returns The same options.
 * @throws {BalancerError} `invalid`, with every unknown name.
 */
export function checkListenOptions(options: ListenOptions): ListenOptions {
  checkKeys("the options", [
    { at: "", value: options, known: LISTEN_NAMES },
    { at: "tls", value: options?.tls, known: CERTIFICATE_NAMES },
  ]);
  return options;
}

/**
 * Checks the settings of health checks, and fills in the defaults.
 *
 * @throws {BalancerError} `invalid`, with every fault.
 */
export function checkHealthCheck(check: Partial<HealthCheck>): HealthCheck {
  return completeOptions(healthCheckSchema, check, "the health check");
}

function checkWorkers(workers: number, policy: PolicyName | Policy): void {
  if (workers === 1) return;
  if (!mayReusePort()) {
    const message =
      `cannot be ${workers}: several threads can only share a port if Deno is started ` +
      "with --unstable-net";
    throw invalid("the options", [{ path: "workers", message }]);
  }
  if (typeof policy === "string") return;
  const message =
    `cannot be an object with ${workers} workers, as threads cannot share one; name a policy, ` +
    "or set workers to 1";
  throw invalid("the options", [{ path: "policy", message }]);
}

function isPolicy(value: unknown): boolean {
  return typeof value === "object" && typeof (value as Partial<Policy> | null)?.pick === "function";
}

function checkSticky(sticky: Sticky): Sticky {
  checkKeys("the options", [{ at: "sticky", value: sticky, known: { secret: true } }]);
  const secret: unknown = sticky.secret;
  if (typeof secret === "string" && secret.length >= STICKY_SECRET_MIN_LENGTH) return { secret };
  // The value is not shown: it may be most of a secret.
  const message = `must be text of at least ${STICKY_SECRET_MIN_LENGTH} characters`;
  throw invalid("the options", [{ path: "sticky.secret", message }]);
}
