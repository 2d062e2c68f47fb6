/** Time limits, in seconds, each 0.001 to 86400. */
export interface Timeouts {
  /** Opening a connection to a server, including the TLS handshake. Default: 5. */
  readonly connect: number;
  /** From the end of a request to the head of its response. Default: 60. */
  readonly response: number;
  /**
   * A request or response body without progress, because one side sends nothing, or the other one
   * reads nothing. Default: 60.
   */
  readonly content: number;
  /** Minimum time that an idle connection to a server stays open; the maximum is twice that. Default: 60. */
  readonly keepAlive: number;
  /** Waiting in the queue for a server below its `maxConnections`. Default: 30. */
  readonly queue: number;
}

/** Retries of failed requests on other servers. */
export interface Retries {
  /** Maximum number of servers that one request is sent to, 1 to 100. Default: 3. */
  readonly tries: number;
  /**
   * Maximum retries per hundred requests, 0 to 100, so that servers which fail under load do not get
   * twice the load. Ten a second are always allowed. Default: 20.
   */
  readonly budget: number;
}

/** Outlier ejection: servers that fail requests get none for a while. */
export interface Ejection {
  /** Consecutive connection failures that eject a server, 0 (never) to 1000. Default: 3. */
  readonly connectionFailures: number;
  /**
   * Consecutive 5xx responses, timeouts and invalid responses that eject a server, 0 (never) to 1000.
   * Default: 0.
   */
  readonly failedResponses: number;
  /**
   * Duration of the first ejection in seconds, 0.001 to 86400; the n-th in a row lasts n times as
   * long. Default: 10.
   */
  readonly backoff: number;
  /** Maximum duration of an ejection in seconds, 0.001 to 86400. Default: 300. */
  readonly maxBackoff: number;
  /** Maximum percentage of servers ejected at once, 0 to 100. Default: 50. */
  readonly maxShare: number;
}

/** The upper bound of `limits.requestHead`, in bytes: Deno's listener accepts hardly more. */
export const REQUEST_HEAD_MAX = 65_536;

/** Limits on requests. */
export interface Limits {
  /** Maximum request body in bytes; 0 for no limit. Default: 0. */
  readonly requestBody: number;
  /**
   * Maximum request head in bytes, 1024 to 65536: method, URL and fields as HTTP/1.1 writes them.
   * Larger ones get 431. Deno's own listener refuses some before they can be counted or logged: over
   * HTTP/1.1 those of more than 65540 bytes or 128 fields, with 400, and over HTTP/2 those of more
   * than 16384 bytes, with 431. Default: 65536.
   */
  readonly requestHead: number;
  /**
   * Maximum requests queued on each thread for a server below its `maxConnections`, 0 to 1000000.
   * Default: 1000.
   */
  readonly queue: number;
}

/** Health checks of servers. */
export interface HealthCheck {
  /** Path requested with GET, below the server's base path; begins with "/". Default: "/". */
  readonly path: string;
  /**
   * Maximum time for a response in seconds, 0.001 to 3600; never longer than the server's
   * `healthCheckPeriod`. Default: 5.
   */
  readonly timeout: number;
  /** Lowest status that passes, 100 to 599. Default: 200. */
  readonly minStatus: number;
  /** Highest status that passes, 100 to 599. Default: 399. */
  readonly maxStatus: number;
  /** Consecutive passes that make an unhealthy server healthy, 1 to 100. Default: 1. */
  readonly rise: number;
  /** Consecutive failures that make a healthy server unhealthy, 1 to 100. Default: 1. */
  readonly fall: number;
}

/** DNS lookups for servers with `discover`. */
export interface DnsSettings {
  /**
   * The name server, as an IP address with or without a port: `127.0.0.1:8600`, `[::1]:53`,
   * `10.0.0.10`. It is asked for names as they are written. Default: those of `/etc/resolv.conf`,
   * with its search list.
   */
  readonly server?: string;
  /**
   * Maximum time for a name server to respond by TCP, and then by UDP, in seconds, 0.1 to 30.
   * Default: that of `/etc/resolv.conf`, or 2.
   */
  readonly timeout?: number;
  /**
   * How often the name servers are asked before a lookup fails, 1 to 5. Default: that of
   * `/etc/resolv.conf`, or 1.
   */
  readonly attempts?: number;
}

/** The most recent decisions that can be kept. */
export const DECISIONS_MAX = 10_000;

/**
 * Settings that a program and a configuration file have in common. What is left out has its default.
 * `src/config/settings_schema.ts` declares the ranges and the defaults.
 */
export interface BalancerSettings {
  /** Health checks of servers. */
  readonly healthCheck?: Partial<HealthCheck>;
  /** Time limits. */
  readonly timeouts?: Partial<Timeouts>;
  /** Retries of failed requests on other servers. */
  readonly retries?: Partial<Retries>;
  /** Outlier ejection: servers that fail requests get none for a while. */
  readonly ejection?: Partial<Ejection>;
  /**
   * Seconds over which the weight of a recovered server grows from a fraction to its full value, 0
   * (at once) to 3600. Default: 0.
   */
  readonly slowStart?: number;
  /** Limits on requests. */
  readonly limits?: Partial<Limits>;
  /** Addresses and CIDR blocks of proxies whose forwarding fields are trusted. Default: none. */
  readonly trustedProxies?: readonly string[];
  /** Whether requests are counted, see {@linkcode LoadBalancer.traffic}. Default: true. */
  readonly metrics?: boolean;
  /**
   * Number of recent decisions to keep, 0 to 10000, see {@linkcode LoadBalancer.decisions}. With 0,
   * recording costs nothing. Default: 0.
   */
  readonly decisions?: number;
  /** DNS lookups for servers with `discover`. Default: as the system does them. */
  readonly dns?: DnsSettings;
}

type Complete<T> = { readonly [Name in keyof T]-?: Required<NonNullable<T[Name]>> };

/** Settings with every default filled in. DNS has none: what it leaves out is up to the system. */
export type Settings =
  & Complete<Omit<BalancerSettings, "dns">>
  & Pick<BalancerSettings, "dns">;

/** Name of a policy that comes with Ballast. */
export type PolicyName =
  | "least_connections"
  | "round_robin"
  | "random_two_choices"
  | "client_hash";

/** The policies that come with Ballast. */
export const POLICY_NAMES = [
  "least_connections",
  "round_robin",
  "random_two_choices",
  "client_hash",
] as const satisfies readonly PolicyName[];

/** TLS to `https:` servers. */
export interface UpstreamTls {
  /** Certificates in PEM form to trust beside the runtime's list. Default: none. */
  readonly caCerts?: readonly string[];
  /** Name that certificates must be valid for, instead of the URL's host. Default: none. */
  readonly serverName?: string;
}

/** The shortest secret of sticky sessions, in UTF-16 code units. */
export const STICKY_SECRET_MIN_LENGTH = 16;

/** Sticky sessions: clients stay with the server that answered them first. */
export interface Sticky {
  /**
   * Secret that each server's cookie value is computed from, at least 16 characters; without it, they
   * cannot be forged. Balancers with the same secret accept each other's cookies.
   */
  readonly secret: string;
}

/**
 * Format of the access log: `common` and `combined` as the Apache HTTP Server defines them, or
 * `json`, which has every known field.
 */
export type AccessLogFormat = "common" | "combined" | "json";

/** Formats of the access log. */
export const ACCESS_LOG_FORMATS = ["common", "combined", "json"] as const satisfies readonly (
  AccessLogFormat
)[];

/** Settings of every thread that handles requests. They can be posted to other threads. */
export interface ProxySettings extends Settings {
  /** The policy, by name. */
  readonly policy: PolicyName;
  /** TLS to `https:` servers. */
  readonly upstreamTls: UpstreamTls;
  /** Sticky sessions; undefined if off. */
  readonly sticky: Sticky | undefined;
  /** Format of the access log; undefined if off. */
  readonly accessLog: AccessLogFormat | undefined;
}
