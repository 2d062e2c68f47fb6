/** How long things may take, all in seconds, 0.001 to 86400. */
export interface Timeouts {
  /** A connection to a server, with its TLS handshake. Default: 5. */
  readonly connect: number;
  /** The head of a response, once the request is sent. Default: 60. */
  readonly response: number;
  /**
   * How long content may stand still, in either direction: because the client or the server sends
   * nothing, or takes nothing of what is there. Default: 60.
   */
  readonly content: number;
  /**
   * How long an idle connection to a server is kept at least; at most it is twice that. Default: 60.
   */
  readonly keepAlive: number;
  /** How long a request waits for a server that is below its `maxConnections`. Default: 30. */
  readonly queue: number;
}

/** When a request that failed goes to another server. */
export interface Retries {
  /** How many servers one request is given to at most, 1 to 100. Default: 3. */
  readonly tries: number;
  /**
   * How many further tries there may be for every hundred requests, 0 to 100, so that a fleet which
   * fails under its load does not get twice the load. Ten a second are always allowed.
   * Default: 20.
   */
  readonly budget: number;
}

/** When a server that fails requests is taken out for a while (outlier ejection). */
export interface Ejection {
  /** Failed connections in a row that eject a server, 0 (never) to 1000. Default: 3. */
  readonly connectionFailures: number;
  /** Responses of 500 to 599 and timeouts in a row that do, 0 (never) to 1000. Default: 0. */
  readonly failedResponses: number;
  /** Seconds that the first ejection lasts; the n-th in a row lasts n times that. Default: 10. */
  readonly backoff: number;
  /** Seconds that an ejection lasts at most. Default: 300. */
  readonly maxBackoff: number;
  /** How many in a hundred of the servers may be out at once, 0 to 100. Default: 50. */
  readonly maxShare: number;
}

/** The largest limit for the head of a request, in bytes: Deno's listener takes hardly more. */
export const REQUEST_HEAD_MAX = 65_536;

/** How much is accepted. */
export interface Limits {
  /** The largest content of a request, in bytes; 0 for no limit. Default: 0. */
  readonly requestBody: number;
  /**
   * The largest head of a request, in bytes, 1024 to 65536: method, URL and fields as they are
   * written in HTTP/1.1. Larger ones get 431. Deno's own listener refuses some before anyone can
   * count or log them: over HTTP/1.1 those of more than 65540 bytes or 128 fields, with 400, and over
   * HTTP/2 those of more than 16384 bytes, with 431. Default: 65536.
   */
  readonly requestHead: number;
  /**
   * How many requests may wait on each thread for a server that is below its `maxConnections`, 0 to
   * 1000000. Default: 1000.
   */
  readonly queue: number;
}

/** The names of the rules for choosing a server that come with Ballast. */
export const POLICY_NAMES = [
  "least_connections",
  "round_robin",
  "random_two_choices",
  "client_hash",
] as const;

/** The rules for choosing a server that come with Ballast. */
export type PolicyName = typeof POLICY_NAMES[number];

/** How `https:` servers are spoken to. */
export interface UpstreamTls {
  /** Certificates in PEM form that are trusted beside the runtime's list. Default: none. */
  readonly caCerts?: readonly string[];
  /** The name that certificates must be for, in place of the URL's host. Default: none. */
  readonly serverName?: string;
}

/** How names are looked up for entries with `discover`. */
export interface DnsSettings {
  /**
   * The name server, as an IP address with a port or without: `127.0.0.1:8600`, `[::1]:53`,
   * `10.0.0.10`. Names are looked up there as they are. Default: those of `/etc/resolv.conf`, with
   * its search list.
   */
  readonly server?: string;
  /**
   * How long a name server has to answer by TCP, and then by UDP, in seconds, 0.1 to 30. Default:
   * that of `/etc/resolv.conf`, or 2.
   */
  readonly timeout?: number;
  /**
   * How often the name servers are asked until that counts as no answer, 1 to 5. Default: that of
   * `/etc/resolv.conf`, or 1.
   */
  readonly attempts?: number;
}

/** The shortest secret of sticky sessions, in UTF-16 code units. */
export const STICKY_SECRET_MIN_LENGTH = 16;

/** Clients stay with the server that answered them first. */
export interface Sticky {
  /**
   * From this, each server's cookie value is computed; who does not know it cannot do so. At least
   * 16 characters. Balancers that share it know each other's cookies.
   */
  readonly secret: string;
}

/**
 * How the lines of the access log look: `common` and `combined` as the Apache HTTP Server names
 * them, or `json`, which says everything that is known.
 */
export type AccessLogFormat = "common" | "combined" | "json";

/** The most of the latest picks that can be kept. */
export const DECISIONS_MAX = 10_000;

/** What every thread that moves requests goes by. It can be posted to other threads. */
export interface ProxySettings {
  /** How long things may take. */
  readonly timeouts: Timeouts;
  /** When a request goes to another server. */
  readonly retries: Retries;
  /** When a server is taken out. */
  readonly ejection: Ejection;
  /** How much is accepted. */
  readonly limits: Limits;
  /** The rule for choosing a server. */
  readonly policy: PolicyName;
  /** Whose forwarding fields are believed, as addresses or CIDR blocks. */
  readonly trustedProxies: readonly string[];
  /** How `https:` servers are spoken to. */
  readonly upstreamTls: UpstreamTls;
  /** Whether clients stay with one server. */
  readonly sticky: Sticky | undefined;
  /** Whether requests are counted for `/metrics`. */
  readonly metrics: boolean;
  /** How each request is logged; undefined for not at all. */
  readonly accessLog: AccessLogFormat | undefined;
}

/** The settings of a balancer that does not say otherwise. */
export const DEFAULT_SETTINGS: ProxySettings = Object.freeze({
  timeouts: Object.freeze({ connect: 5, response: 60, content: 60, keepAlive: 60, queue: 30 }),
  retries: Object.freeze({ tries: 3, budget: 20 }),
  ejection: Object.freeze({
    connectionFailures: 3,
    failedResponses: 0,
    backoff: 10,
    maxBackoff: 300,
    maxShare: 50,
  }),
  limits: Object.freeze({ requestBody: 0, requestHead: REQUEST_HEAD_MAX, queue: 1000 }),
  policy: "least_connections",
  trustedProxies: [],
  upstreamTls: {},
  sticky: undefined,
  metrics: true,
  accessLog: undefined,
});
