import { healthCheckSchema, workersSchema } from "../config/schema.ts";
import { serverSchema } from "../config/server_schema.ts";
import {
  accessLogSchema,
  decisionsSchema,
  dnsSchema,
  ejectionSchema,
  limitsSchema,
  metricsSchema,
  policySchema,
  retriesSchema,
  slowStartSchema,
  timeoutsSchema,
  trustedProxiesSchema,
  upstreamTlsSchema,
} from "../config/settings_schema.ts";
import { checkKeys, checkNames, type KnownKeys } from "../config/known_keys.ts";
import { invalid, validate } from "../config/validate.ts";
import { BalancerError } from "../model/errors.ts";
import { callGuarded } from "../model/guarded_call.ts";
import type { Policy } from "../state/policy.ts";
import {
  canonicalServerUrl,
  SERVER_FIELD_NAMES,
  type ServerChange,
  type ServerInit,
} from "../model/server.ts";
import {
  type AccessLogFormat,
  DEFAULT_SETTINGS,
  type DnsSettings,
  type Ejection,
  type Limits,
  type PolicyName,
  type ProxySettings,
  type Retries,
  type Sticky,
  STICKY_SECRET_MIN_LENGTH,
  type Timeouts,
  type UpstreamTls,
} from "../model/settings.ts";
import { DEFAULT_HEALTH_CHECK, type HealthCheck } from "../health/health_check.ts";
import { checkAuthorities } from "../fronts/web/certificate.ts";
import { canDial } from "../upstream/dial.ts";
import { mayReusePort } from "../runtime/reuse_port.ts";

/** How each request is logged when it is over. */
export interface AccessLogOptions {
  /** How the lines look. */
  readonly format: AccessLogFormat;
  /**
   * Takes whole lines, each with its line feed: those of at most 200 ms, or some 64 KiB, at a time.
   * Called on the thread that made the balancer, in the order in which requests ended on each
   * thread. If it throws, or returns a promise that rejects, that is logged, and the lines are lost.
   *
   * @param lines The lines.
   */
  write(lines: string): unknown;
}

/** What a {@linkcode LoadBalancer} starts with. */
export interface LoadBalancerOptions {
  /** The first servers. Default: none. */
  readonly servers?: readonly ServerInit[];
  /** How servers are checked; what is left out has its default. */
  readonly healthCheck?: Partial<HealthCheck>;
  /**
   * How many threads accept connections once {@linkcode LoadBalancer.listen} is called, 1 to 256;
   * more than 1 on Deno with `--unstable-net` only. Default: 1, which is no thread of its own.
   */
  readonly workers?: number;
  /**
   * The rule for choosing a server: the name of one, or one of your own, which works with one worker
   * only. Default: "least_connections".
   */
  readonly policy?: PolicyName | Policy;
  /** How long things may take; what is left out has its default. */
  readonly timeouts?: Partial<Timeouts>;
  /** When a request goes to another server; what is left out has its default. */
  readonly retries?: Partial<Retries>;
  /** When a server that fails requests is taken out; what is left out has its default. */
  readonly ejection?: Partial<Ejection>;
  /** How much is accepted; what is left out has its default. */
  readonly limits?: Partial<Limits>;
  /**
   * Seconds in which the weight of a server that comes back grows to what it is, 0 to 3600.
   * Default: 0, at once.
   */
  readonly slowStart?: number;
  /** Addresses and CIDR blocks of proxies whose forwarding fields are believed. Default: none. */
  readonly trustedProxies?: readonly string[];
  /** How `https:` servers are spoken to. Default: by the authorities that the runtime trusts. */
  readonly upstreamTls?: UpstreamTls;
  /** Keeps each client at the server that answered it first, by a cookie. Default: off. */
  readonly sticky?: Sticky;
  /** Whether requests are counted, see {@linkcode LoadBalancer.traffic}. Default: true. */
  readonly metrics?: boolean;
  /**
   * How many of the latest decisions are kept, 0 to 10000, see {@linkcode LoadBalancer.decisions}.
   * Default: 0, none, which costs nothing.
   */
  readonly decisions?: number;
  /** How the names of servers with `discover` are looked up. Default: as the system does. */
  readonly dns?: DnsSettings;
  /** How each request is logged. Default: not at all. */
  readonly accessLog?: AccessLogOptions;
}

const OPTION_NAMES: KnownKeys<LoadBalancerOptions> = {
  ...{ servers: true, healthCheck: true, workers: true, policy: true, timeouts: true },
  ...{ retries: true, ejection: true, limits: true, slowStart: true, trustedProxies: true },
  ...{ upstreamTls: true, sticky: true, metrics: true, decisions: true, dns: true },
  accessLog: true,
};
const STICKY_NAMES: KnownKeys<Sticky> = { secret: true };
const ACCESS_LOG_NAMES: KnownKeys<AccessLogOptions> = { format: true, write: true };

/** Options that were checked, with the defaults filled in. */
export interface CheckedOptions {
  /** The first servers that are given one by one. */
  readonly servers: readonly ServerInit[];
  /** The first entries that stand for servers which are found. */
  readonly entries: readonly ServerInit[];
  /** How servers are checked. */
  readonly check: HealthCheck;
  /** How many threads accept connections. */
  readonly workers: number;
  /** Seconds in which the weight of a server that comes back grows. */
  readonly slowStart: number;
  /** How many of the latest decisions are kept. */
  readonly decisions: number;
  /** How names are looked up. */
  readonly dns: DnsSettings;
  /** The rule for choosing a server on this thread. */
  readonly policy: PolicyName | Policy;
  /** What the threads that move requests go by. */
  readonly settings: ProxySettings;
  /** Takes the lines of the access log; never throws. */
  readonly writeAccessLog: (lines: string) => void;
}

/**
 * Checks the options of a balancer.
 *
 * @throws {BalancerError} `invalid`, with every name that is not known, or every fault of the first
 * option that has one.
 */
export function checkOptions(options: LoadBalancerOptions): CheckedOptions {
  checkKeys("the options", [
    { at: "", value: options, known: OPTION_NAMES },
    { at: "sticky", value: options?.sticky, known: STICKY_NAMES },
    { at: "accessLog", value: options?.accessLog, known: ACCESS_LOG_NAMES },
  ]);
  const { timeouts, retries, ejection, limits } = DEFAULT_SETTINGS;
  const workers = checkWorkers(options.workers ?? 1);
  const accessLog = options.accessLog && checkAccessLog(options.accessLog);
  const policy = checkPolicy(options.policy ?? DEFAULT_SETTINGS.policy, workers);
  const servers = checkServers(options.servers ?? []);
  return {
    servers: servers.filter(({ discover }) => discover === undefined),
    entries: servers.filter(({ discover }) => discover !== undefined),
    check: checkHealthCheck(options.healthCheck ?? {}),
    workers,
    slowStart: validate(slowStartSchema, options.slowStart ?? 0, "the options", "slowStart"),
    decisions: validate(decisionsSchema, options.decisions ?? 0, "the options", "decisions"),
    dns: checkNames(dnsSchema, options.dns ?? {}, "the DNS settings"),
    policy,
    settings: {
      timeouts: {
        ...timeouts,
        ...checkNames(timeoutsSchema, options.timeouts ?? {}, "the timeouts"),
      },
      retries: { ...retries, ...checkNames(retriesSchema, options.retries ?? {}, "the retries") },
      ejection: {
        ...ejection,
        ...checkNames(ejectionSchema, options.ejection ?? {}, "the ejection"),
      },
      limits: { ...limits, ...checkNames(limitsSchema, options.limits ?? {}, "the limits") },
      policy: typeof policy === "string" ? policy : DEFAULT_SETTINGS.policy,
      trustedProxies: validate(
        trustedProxiesSchema,
        options.trustedProxies ?? [],
        "the options",
        "trustedProxies",
      ),
      upstreamTls: checkUpstreamTls(options.upstreamTls ?? {}),
      sticky: options.sticky === undefined ? undefined : checkSticky(options.sticky),
      metrics: validate(metricsSchema, options.metrics ?? true, "the options", "metrics"),
      accessLog: accessLog?.format,
    },
    writeAccessLog: (lines) => callGuarded("write the access log", () => accessLog?.write(lines)),
  };
}

/**
 * Checks a server as a caller gave it.
 *
 * @throws {BalancerError} `invalid`, with every fault; `unsupported` if this runtime cannot verify
 * servers that are found.
 */
export function checkServer(server: ServerInit): ServerInit {
  const checked = checkNames(serverSchema, server, "the server");
  const { url, discover } = checked;
  if (discover === undefined || canDial() || !/^https:/i.test(url)) return checked;
  throw new BalancerError(
    "unsupported",
    `Cannot discover the servers of ${url}: the fetch of this runtime verifies certificates for ` +
      "the address that it connects to, not for the name; use http:, or run on Deno",
  );
}

/**
 * Checks a change of a server as a caller gave it.
 *
 * @returns The server's URL as it was given, and what is different.
 * @throws {BalancerError} `invalid`, with every fault, and as {@linkcode checkServer}.
 */
export function checkChange(url: string, change: ServerChange): ServerInit {
  // A change made from a server that `config()` lists has the URL in it.
  const names = hasUrl(change, url) ? ["url", ...SERVER_FIELD_NAMES] : SERVER_FIELD_NAMES;
  const known = Object.fromEntries(names.map((name) => [name, true] as const));
  checkKeys("the change", [{ at: "", value: change, known }]);
  return checkServer({ ...change, url });
}

function hasUrl(change: ServerChange & { readonly url?: unknown }, url: string): boolean {
  try {
    return canonicalServerUrl(String(change?.url)) === canonicalServerUrl(url);
  } catch {
    return false;
  }
}

/**
 * Checks how servers are to be checked, and fills in the defaults.
 *
 * @throws {BalancerError} `invalid`, with every fault.
 */
export function checkHealthCheck(check: Partial<HealthCheck>): HealthCheck {
  return { ...DEFAULT_HEALTH_CHECK, ...checkNames(healthCheckSchema, check, "the health check") };
}

/**
 * Checks servers that are to be there together: each on its own, and that there is none twice.
 *
 * @throws {BalancerError} `invalid`, with every fault of the first that has one, or `already_exists`.
 */
export function checkServers(servers: readonly ServerInit[]): readonly ServerInit[] {
  const checked = servers.map((server) => checkServer(server));
  const urls = new Set<string>();
  for (const { url } of checked) {
    const key = canonicalServerUrl(url);
    if (urls.has(key)) {
      throw new BalancerError("already_exists", `Cannot use the servers: ${key} is there twice`);
    }
    urls.add(key);
  }
  return checked;
}

function checkWorkers(workers: number): number {
  validate(workersSchema, workers, "the number of workers", "workers");
  if (workers === 1 || mayReusePort()) return workers;
  const message =
    `cannot be ${workers}: several threads can only share a port if Deno is started ` +
    "with --unstable-net";
  throw invalid("the options", [{ path: "workers", message }]);
}

function checkPolicy(policy: PolicyName | Policy, workers: number): PolicyName | Policy {
  if (typeof policy !== "object" || typeof policy?.pick !== "function") {
    return validate(policySchema, policy, "the options", "policy");
  }
  if (workers === 1) return policy;
  const message =
    `cannot be an object with ${workers} workers, as threads cannot share one; name a policy, ` +
    "or set workers to 1";
  throw invalid("the options", [{ path: "policy", message }]);
}

function checkSticky(sticky: Sticky): Sticky {
  const secret: unknown = sticky?.secret;
  if (typeof secret === "string" && secret.length >= STICKY_SECRET_MIN_LENGTH) return { secret };
  // What was found is not shown: it may be most of a secret.
  const message = `must be a text of at least ${STICKY_SECRET_MIN_LENGTH} characters`;
  throw invalid("the options", [{ path: "sticky.secret", message }]);
}

function checkAccessLog(accessLog: AccessLogOptions): AccessLogOptions {
  validate(accessLogSchema, accessLog.format, "the options", "accessLog.format");
  if (typeof accessLog.write === "function") return accessLog;
  const message = "must be a function that takes lines";
  throw invalid("the options", [{ path: "accessLog.write", message }]);
}

function checkUpstreamTls(value: UpstreamTls): UpstreamTls {
  const tls = checkNames(upstreamTlsSchema, value, "the upstream TLS settings");
  checkAuthorities(tls.caCerts ?? []);
  return tls;
}
