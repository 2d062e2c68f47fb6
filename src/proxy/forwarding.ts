import type { HeaderField } from "../transport/transport.ts";

/** Who sent a request, and how, as this proxy saw it. */
export interface Origin {
  /** The IP address of whoever sent it; undefined where the platform does not tell. */
  readonly clientAddress: string | undefined;
  /** The host and port that were asked for. */
  readonly host: string;
  /** The scheme by which it came: `http` or `https`. */
  readonly scheme: string;
}

/** A URI scheme, or several, as proxies write them (RFC 3986 §3.1). */
const SCHEMES = /^[A-Za-z][A-Za-z0-9+.-]*(?:[ \t]*,[ \t]*[A-Za-z][A-Za-z0-9+.-]*)*$/;
/** Hosts with ports (RFC 3986 §3.2.2, §3.2.3), one or several. */
const HOSTS =
  /^[A-Za-z0-9._~!$&'()*+;=%:\[\]-]+(?:[ \t]*,[ \t]*[A-Za-z0-9._~!$&'()*+;=%:\[\]-]+)*$/;

/** What a trusted proxy in front of this one says of the client. */
export class ForwardingFields {
  /** The value of `Forwarded`. */
  #forwarded: string | undefined;
  /** The value of `X-Forwarded-For`. */
  #for: string | undefined;
  /** The value of `X-Forwarded-Host`. */
  #host: string | undefined;
  /** The value of `X-Forwarded-Proto`. */
  #proto: string | undefined;

  /** Takes a field if it is one of these. */
  take(name: string, value: string): void {
    if (name === "forwarded") this.#forwarded = value;
    else if (name === "x-forwarded-for") this.#for = value;
    else if (name === "x-forwarded-host") this.#host = value;
    else if (name === "x-forwarded-proto") this.#proto = value;
  }

  /**
   * The fields for the server: the chain of proxies with this one's peer at its end, and the host
   * and scheme that the first of them saw.
   *
   * @param origin What this proxy saw.
   */
  toUpstream(origin: Origin): HeaderField[] {
    const { clientAddress, host, scheme } = origin;
    const fields: HeaderField[] = [];
    const addresses = [this.#for?.trim(), clientAddress].filter((text) => text);
    if (addresses.length > 0) fields.push(["x-forwarded-for", addresses.join(", ")]);
    // What is malformed is replaced, as if it had not been there.
    fields.push(["x-forwarded-host", matching(HOSTS, this.#host) ?? host]);
    fields.push(["x-forwarded-proto", matching(SCHEMES, this.#proto) ?? scheme]);
    const before = this.#forwarded;
    const element = forwardedElement(origin);
    const whole = before !== undefined && isForwarded(before) ? `${before}, ${element}` : element;
    fields.push(["forwarded", whole]);
    return fields;
  }
}

/**
 * This proxy's element of `Forwarded` (RFC 7239 §4); an IPv6 address is quoted and in brackets (§6).
 *
 * @param origin What this proxy saw.
 */
export function forwardedElement({ clientAddress, host, scheme }: Origin): string {
  const client = clientAddress === undefined
    ? "unknown"
    : clientAddress.includes(":")
    ? `"[${clientAddress}]"`
    : clientAddress;
  return `for=${client};host="${host}";proto=${scheme}`;
}

function matching(pattern: RegExp, value: string | undefined): string | undefined {
  return value !== undefined && pattern.test(value) ? value : undefined;
}

/** One pair of a `Forwarded` element: a token, and a token or a quoted string (RFC 7239 §4). */
const PAIR =
  /[!#$%&'*+.^_`|~0-9A-Za-z-]+=(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+|"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*")/y;
/** What stands between pairs and, with whitespace (RFC 9110 §5.6.1), between elements. */
const SEPARATOR = /[ \t]*[;,][ \t]*/y;

/**
 * Whether this is a whole `Forwarded` value. To one with an open quote nothing can be appended: it
 * would be taken for a part of what is quoted.
 */
function isForwarded(value: string): boolean {
  let at = 0;
  for (;;) {
    PAIR.lastIndex = at;
    if (!PAIR.test(value)) return false;
    at = PAIR.lastIndex;
    if (at === value.length) return true;
    SEPARATOR.lastIndex = at;
    if (!SEPARATOR.test(value)) return false;
    at = SEPARATOR.lastIndex;
  }
}
