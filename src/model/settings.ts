/** Time limits, in seconds, each 0.001 to 86400. */
export interface Timeouts {
  /** Opening a connection to a server, including the TLS handshake. Default: 5. */
  readonly connect: number;
  /** From the end of a request to the head of its response. Default: 60. */
  readonly response: number;
  /**
   * Longest pause in a request or response body, whether one side sends nothing or the other reads
   * nothing. Default: 60.
   */
  readonly content: number;
  /**
   * Minimum time that an idle connection to a server is kept open; the maximum is twice that.
   * Default: 60.
   */
  readonly keepAlive: number;
  /** Waiting in the queue until a server is below its `maxConnections`. Default: 30. */
  readonly queue: number;
}

/** Retries of failed requests on other servers. */
export interface Retries {
  /** Maximum number of servers that one request is sent to, 1 to 100. Default: 3. */
  readonly tries: number;
  /**
   * Maximum retries per hundred requests, 0 to 100. This keeps retries from overloading servers
   * that already fail under load. Ten retries per second are always allowed. Default: 20.
   */
  readonly budget: number;
}

/** Outlier ejection: temporarily takes a server out of rotation if it fails requests. */
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
   * Maximum request head in bytes, 1024 to 65536: method, URL and fields, counted as in HTTP/1.1.
   * Larger heads get 431. Deno's own listener refuses some requests before they are counted or
   * logged: over HTTP/1.1, heads of more than 65540 bytes or 128 fields get 400; over HTTP/2, heads
   * of more than 16384 bytes get 431. Default: 65536.
   */
  readonly requestHead: number;
  /**
   * Maximum requests queued on each thread while all servers are at their `maxConnections`, 0 to
   * 1000000. Default: 1000.
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
   * `10.0.0.10`. Names are looked up as written, without a search list. Default: the name servers
   * of `/etc/resolv.conf`, with its search list.
   */
  readonly server?: string;
  /**
   * Maximum time for a name server to respond, in seconds, 0.1 to 30. It is asked over TCP first;
   * if that fails, it gets the same time again to respond over UDP. Default: that of
   * `/etc/resolv.conf`, or 2.
   */
  readonly timeout?: number;
  /**
   * How many times each lookup queries the name servers before it fails, 1 to 5. Default: that of
   * `/etc/resolv.conf`, or 1.
   */
  readonly attempts?: number;
}

/** The most recent decisions that can be kept. */
export const DECISIONS_MAX = 10_000;

/**
 * Settings that a program and a configuration file have in common. All are optional.
 */
export interface BalancerSettings {
  /** Health checks of servers. */
  readonly healthCheck?: Partial<HealthCheck>;
  /** Time limits. */
  readonly timeouts?: Partial<Timeouts>;
  /** Retries of failed requests on other servers. */
  readonly retries?: Partial<Retries>;
  /** Outlier ejection: temporarily takes a server out of rotation if it fails requests. */
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
  /** Whether requests are counted; see {@linkcode LoadBalancer.traffic}. Default: true. */
  readonly metrics?: boolean;
  /**
   * Number of recent routing decisions to keep, 0 to 10000; see {@linkcode LoadBalancer.decisions}.
   * With 0, none are recorded. Default: 0.
   */
  readonly decisions?: number;
  /** DNS lookups for servers with `discover`. Default: the system's settings. */
  readonly dns?: DnsSettings;
}

type Complete<T> = { readonly [Name in keyof T]-?: Required<NonNullable<T[Name]>> };

/** Settings with every default filled in. DNS has none: the system's settings apply. */
export type Settings =
  & Complete<Omit<BalancerSettings, "dns">>
  & Pick<BalancerSettings, "dns">;

/** Name of a built-in policy. */
export type PolicyName =
  | "least_connections"
  | "round_robin"
  | "random_two_choices"
  | "client_hash";

/** The built-in policies. */
export const POLICY_NAMES = [
  "least_connections",
  "round_robin",
  "random_two_choices",
  "client_hash",
] as const satisfies readonly PolicyName[];

/** Settings of TLS connections to `https:` servers. */
export interface UpstreamTls {
  /** Certificate authorities to trust in addition to the runtime's, in PEM form. Default: none. */
  readonly caCerts?: readonly string[];
  /**
   * Name that the servers' certificates must be valid for. Default: the host in each server's URL.
   */
  readonly serverName?: string;
}

/** Minimum length of the secret of sticky sessions, in UTF-16 code units. */
export const STICKY_SECRET_MIN_LENGTH = 16;

/** Sticky sessions: each client stays on the server that first answered it. */
export interface Sticky {
  /**
   * Secret that the cookies are computed from, so that they cannot be forged; at least 16
   * characters. Balancers with the same secret accept each other's cookies.
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
