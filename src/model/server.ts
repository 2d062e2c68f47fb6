import { urlHostFault } from "./host.ts";

/** The largest weight and the longest health check period: what fits an unsigned 32-bit integer. */
export const UINT32_MAX = 2 ** 32 - 1;
/** The weight of a server that does not say one. */
export const DEFAULT_WEIGHT = 1;
/** Seconds between two health checks of a server that does not say. */
export const DEFAULT_HEALTH_CHECK_PERIOD = 10;
/** How many requests a server that does not say works on at once: any number. */
export const DEFAULT_MAX_CONNECTIONS = 0;
/** The longest server name, in UTF-16 code units. */
export const NAME_MAX_LENGTH = 255;
/** The longest server URL, in UTF-16 code units. */
export const URL_MAX_LENGTH = 2048;

/**
 * How the servers behind a name are found: by the addresses that it has (A and AAAA records), or by
 * the targets and ports that its SRV records tell (RFC 2782).
 */
export type Discover = "dns" | "dns-srv";

/**
 * A server that requests can go to: what the configuration says of it. With
 * {@linkcode Server.discover} it is an entry: it stands for servers that are found by its name.
 */
export interface Server {
  /**
   * The server's key, unique in a balancer: an `http:` or `https:` origin, optionally with a base
   * path that is put before the path of each request; one whose dot segments lead out of it is
   * refused with 400. In canonical form, see {@linkcode canonicalServerUrl}.
   */
  readonly url: string;
  /** A name for people. Default: the URL's host and port. */
  readonly name: string;
  /**
   * The share of requests relative to the other servers' weights, 0 to 4294967295. With 0 the
   * server takes no new requests (drain). Default: 1.
   */
  readonly weight: number;
  /**
   * Seconds between two health checks, 0 to 4294967295. With 0 the server is not checked and counts
   * as healthy. Default: 10.
   */
  readonly healthCheckPeriod: number;
  /**
   * The most requests that the server works on at once, 0 to 4294967295; further ones wait or go to
   * other servers. With 0 there is no limit. HAProxy calls it `maxconn`. Default: 0.
   */
  readonly maxConnections: number;
  /**
   * Takes no new requests, whatever its weight, and goes on with those it has (HAProxy's `drain`).
   * Default: false.
   */
  readonly draining: boolean;
  /**
   * Looks the host of the URL up, again and again, and makes each address a server of its own with
   * the other fields of this entry. With `dns-srv` the URL has no port, as the records tell it.
   * Default: not there; the URL is that of one server.
   */
  readonly discover?: Discover;
  /** The URL of the entry that found this server; not there on what somebody gave. */
  readonly discoveredBy?: string;
}

/** A server as a caller gives it: all but the URL may be left out. */
export type ServerInit = Pick<Server, "url"> & ServerChange;

/** A change to a server: what is left out keeps its value. What `discover` says cannot change. */
export type ServerChange = Partial<Omit<Server, "url" | "discoveredBy">>;

/** A server as the parts of a balancer make it; an entry may have found it. */
export type ServerSource = ServerInit & { readonly discoveredBy?: string | undefined };

/** What finds servers and entries: a URL in canonical form, which one has at most, or a name. */
export type ServerKey =
  | { readonly url: string; readonly name?: undefined }
  | { readonly name: string; readonly url?: undefined };

/** The weight that counts: none while the server is draining. */
export function effectiveWeight({ weight, draining }: Server): number {
  return draining ? 0 : weight;
}

/**
 * Brings a server URL to the one form that is used as its key, so that two spellings of one server
 * are not taken for two servers.
 *
 * The scheme and host become lower case, a default port and a trailing slash go.
 *
 * @param text A URL as somebody wrote it.
 * @returns The canonical form, for example `http://127.0.0.1:3001` or `https://example.com/app`.
 * @throws {TypeError} If the text is not a server URL; the message says what is wrong with it.
 *
 * @example
 * ```ts
 * import { canonicalServerUrl } from "@ballast/lb";
 *
 * console.assert(canonicalServerUrl("HTTP://Example.com:80/") === "http://example.com");
 * ```
 */
export function canonicalServerUrl(text: string): string {
  if (text.length > URL_MAX_LENGTH) {
    throw new TypeError(`is ${text.length} characters long; at most ${URL_MAX_LENGTH} are allowed`);
  }
  // The URL parser drops tabs and line breaks and turns "\" into "/" without a word. A URL that
  // has them is a mistake or an attempt to slip something past a check, so it is refused.
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u0020\u007f-\u009f\\]/.test(text)) {
    throw new TypeError("contains a space, a control character or a backslash");
  }
  if (!/^https?:\/\//i.test(text)) throw new TypeError("does not begin with http:// or https://");
  const url = URL.parse(text);
  if (url === null) throw new TypeError("is not a URL that can be parsed");
  if (url.username !== "" || url.password !== "" || authority(text).includes("@")) {
    throw new TypeError("contains a user name or password");
  }
  if (text.includes("?")) throw new TypeError("contains a query");
  if (text.includes("#")) throw new TypeError("contains a fragment");
  if (url.port === "0") throw new TypeError("has port 0, which cannot be connected to");
  const fault = urlHostFault(text, url.hostname);
  if (fault !== undefined) throw new TypeError(fault);
  return url.origin + url.pathname.replace(/\/+$/, "");
}

function authority(text: string): string {
  return text.slice(text.indexOf("//") + 2).split("/", 1)[0] ?? "";
}

/**
 * Makes a complete, frozen server of what a caller gave: the URL in canonical form and the defaults
 * filled in. Ranges are not checked here; the schema does that.
 *
 * @param init A server, all but the URL optional.
 * @returns The complete server.
 * @throws {TypeError} If the URL is not a server URL.
 */
export function completeServer(init: ServerSource): Server {
  const url = canonicalServerUrl(init.url);
  const { discover, discoveredBy } = init;
  return Object.freeze({
    url,
    name: init.name ?? new URL(url).host,
    weight: init.weight ?? DEFAULT_WEIGHT,
    healthCheckPeriod: init.healthCheckPeriod ?? DEFAULT_HEALTH_CHECK_PERIOD,
    maxConnections: init.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
    draining: init.draining ?? false,
    ...(discover === undefined ? {} : { discover }),
    ...(discoveredBy === undefined ? {} : { discoveredBy }),
  });
}
