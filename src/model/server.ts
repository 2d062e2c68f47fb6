import { urlHostFault } from "./host.ts";

/** Largest unsigned 32-bit integer, the upper bound of every whole number in a server. */
export const UINT32_MAX = 2 ** 32 - 1;
/** The longest server name, in UTF-16 code units. */
export const NAME_MAX_LENGTH = 255;
/** The longest server URL, in UTF-16 code units. */
const URL_MAX_LENGTH = 2048;

/**
 * The configuration of a server. With {@linkcode Server.discover}, it is a source instead: a host
 * name that DNS expands to servers.
 */
export interface Server {
  /**
   * The server's key, unique in a balancer: an `http:` or `https:` origin, optionally with a base
   * path, which is prepended to the path of each request. A request whose dot segments lead out of
   * the base path gets 400. The canonical form has scheme and host in lower case, no default port
   * and no trailing slash.
   */
  readonly url: string;
  /** Display name. Default: the URL's host and port. */
  readonly name: string;
  /**
   * Share of requests relative to the other servers' weights, 0 to 4294967295. With 0, the
   * server takes no new requests. Default: 1.
   */
  readonly weight: number;
  /**
   * Seconds between health checks, 0 to 4294967295. With 0, the server is not checked and counts
   * as healthy. Default: 10.
   */
  readonly healthCheckPeriod: number;
  /**
   * Maximum active requests, 0 to 4294967295; further ones go to other servers or wait. With 0,
   * there is no limit. HAProxy calls this `maxconn`. Default: 0.
   */
  readonly maxConnections: number;
  /**
   * Whether the server is draining: it takes no new requests, whatever its weight, and its active
   * ones may finish. HAProxy calls this `drain`. Default: false.
   */
  readonly draining: boolean;
  /**
   * Makes this a source: its host is looked up regularly, and each address becomes a server with
   * the source's other fields. `dns` uses A and AAAA records; `dns-srv` uses the targets and ports
   * of SRV records (RFC 2782), and the URL must have no port. Cannot be changed later. Default: no
   * discovery.
   */
  readonly discover?: "dns" | "dns-srv";
  /** The URL of the source that discovered this server; absent on configured servers. */
  readonly discoveredBy?: string;
}

/** See {@linkcode Server.discover}. */
export type Discover = NonNullable<Server["discover"]>;

/** A server to add: only the URL is required. */
export type ServerInit = Pick<Server, "url"> & ServerChange;

/** A change to a server: omitted fields keep their values. `discover` cannot be changed. */
export type ServerChange = Partial<Omit<Server, "url" | "discoveredBy">>;

/** A server as the parts of a balancer make it; a source may have discovered it. */
export type ServerSource = ServerInit & { readonly discoveredBy?: string | undefined };

/** Name of a field that a change may have. */
export type ServerFieldName = keyof ServerChange;

/** Declaration of a field: everything but its type, which {@linkcode Server} has. */
interface FieldOf<Kind extends string, Value> {
  /** The type of its values. */
  readonly kind: Kind;
  /** Description in one phrase, for the schemas, the API's description and the command line. */
  readonly doc: string;
  /** Its value where it is left out. Default: it stays absent. */
  readonly default?: Value | ((url: string) => Value);
  /** The default in words. Default: the value. */
  readonly defaultText?: string;
  /** Placeholder of the value in the help of its command-line flag. Default: no flag. */
  readonly flag?: string;
  /** Whether it cannot be changed once the server is added. Default: false. */
  readonly fixed?: boolean;
}

/** A field with text, without control characters. */
export interface TextField extends FieldOf<"text", string> {
  /** The least length, in UTF-16 code units. */
  readonly min: number;
  /** The greatest length, in UTF-16 code units. */
  readonly max: number;
}

/** A field with a whole number. */
export interface NumberField extends FieldOf<"number", number> {
  /** The smallest value. */
  readonly min: number;
  /** The greatest value. */
  readonly max: number;
}

/** A field with one of a few words. */
export interface ChoiceField<Choice extends string = string> extends FieldOf<"choice", Choice> {
  /** The words. */
  readonly choices: readonly Choice[];
}

/** A field that is true or false; the command line has no flag for it. */
export interface SwitchField extends FieldOf<"switch", boolean> {
  readonly flag?: never;
}

/** Declaration of a field whose values have this type. */
type FieldFor<Value> = [Value] extends [boolean] ? SwitchField
  : [Value] extends [number] ? NumberField
  : string extends Value ? TextField
  : [Value] extends [string] ? ChoiceField<Value>
  : never;

/** Declaration of any field. */
export type ServerField = TextField | NumberField | ChoiceField | SwitchField;

/**
 * The one declaration of each field besides the URL, in the order in which fields are written. The
 * schemas, JSON, YAML, what etcd stores, the API's description and the command line follow from it;
 * names with underscores and hyphens are derived.
 */
export const SERVER_FIELDS: {
  readonly [Name in ServerFieldName]: FieldFor<NonNullable<Server[Name]>>;
} = {
  name: {
    kind: "text",
    min: 1,
    max: NAME_MAX_LENGTH,
    doc: "Display name",
    default: (url) => new URL(url).host.slice(0, NAME_MAX_LENGTH),
    defaultText: "the URL's host and port",
    flag: "NAME",
  },
  weight: {
    kind: "number",
    min: 0,
    max: UINT32_MAX,
    doc: "Share of requests relative to other servers; 0 for no new requests",
    default: 1,
    flag: "N",
  },
  healthCheckPeriod: {
    kind: "number",
    min: 0,
    max: UINT32_MAX,
    doc: "Seconds between health checks; 0 turns them off",
    default: 10,
    flag: "SECONDS",
  },
  maxConnections: {
    kind: "number",
    min: 0,
    max: UINT32_MAX,
    doc: "Maximum active requests; further ones wait; 0 for no limit",
    default: 0,
    flag: "N",
  },
  draining: {
    kind: "switch",
    doc: "Whether it takes no new requests and lets its active ones finish",
    default: false,
  },
  discover: {
    kind: "choice",
    choices: ["dns", "dns-srv"],
    doc:
      "Discovers servers in DNS, one for each address of the URL's host: dns uses A and AAAA records, " +
      "dns-srv uses SRV records and their ports",
    defaultText: "no discovery",
    flag: "HOW",
    fixed: true,
  },
};

/** The names of {@linkcode SERVER_FIELDS}, in their order. */
export const SERVER_FIELD_NAMES = Object.keys(SERVER_FIELDS) as readonly ServerFieldName[];

/** Selects servers and sources, by URL in canonical form or by name; several may share a name. */
export type ServerKey =
  | { readonly url: string; readonly name?: undefined }
  | { readonly name: string; readonly url?: undefined };

/** The weight in effect: 0 while the server is draining. */
export function effectiveWeight({ weight, draining }: Server): number {
  return draining ? 0 : weight;
}

/**
 * Normalizes a server URL to the form that is the server's key, so that two spellings of one server
 * are not two servers: scheme and host in lower case, without a default port or trailing slashes.
 *
 * @param text A URL in any spelling.
 * @returns The canonical form, for example `http://127.0.0.1:3001` or `https://example.com/app`.
 * @throws {TypeError} If the text is not a server URL; the message names the fault.
 *
 * @example
 * ```ts
 * import { canonicalServerUrl } from "./server.ts";
 *
 * console.assert(canonicalServerUrl("HTTP://Example.com:80/") === "http://example.com");
 * ```
 */
export function canonicalServerUrl(text: string): string {
  if (text.length > URL_MAX_LENGTH) {
    throw new TypeError(`is ${text.length} characters long; at most ${URL_MAX_LENGTH} are allowed`);
  }
  // The URL parser silently drops tabs and line breaks, and turns "\" into "/". A URL that has them
  // is a mistake, or an attempt to slip something past a check.
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
 * Completes a server: the URL in canonical form, defaults filled in, frozen. Ranges are not checked
 * here; the schema does that.
 *
 * @param init The server as it was given.
 * @returns The complete server.
 * @throws {TypeError} If the URL is not a server URL.
 */
export function completeServer(init: ServerSource): Server {
  const url = canonicalServerUrl(init.url);
  const server: Record<string, unknown> = { url };
  for (const name of SERVER_FIELD_NAMES) {
    const value = init[name] ?? defaultOf(name, url);
    if (value !== undefined) server[name] = value;
  }
  if (init.discoveredBy !== undefined) server["discoveredBy"] = init.discoveredBy;
  return Object.freeze(server) as unknown as Server;
}

/**
 * The value of a field that is left out.
 *
 * @param name The field.
 * @param url The server's URL in canonical form.
 * @returns The value; undefined where the field is then absent.
 */
export function defaultOf(name: ServerFieldName, url: string): unknown {
  const { default: value } = SERVER_FIELDS[name];
  return typeof value === "function" ? value(url) : value;
}
