import { errorText } from "../model/error_text.ts";

/** Errors of TLS handshakes, each with its explanation for the operator. */
const REASONS: readonly (readonly [RegExp, (name: string, found: RegExpExecArray) => string])[] = [
  [
    /UnknownIssuer/,
    () =>
      "its certificate is from an authority that is not trusted; " +
      "if the authority is yours, name its certificate in ca_file of upstream_tls",
  ],
  [
    /CaUsedAsEndEntity/,
    () =>
      "its certificate is one for an authority (CA:TRUE), which a server cannot show as its own; " +
      "make one for the server, and name the authority's in ca_file of upstream_tls",
  ],
  [
    /not valid for name.*?(?:only valid for (.*))?$/i,
    (name, [, names]) =>
      `its certificate is not valid for ${name}` +
      (names === undefined ? "" : `, only for ${plainNames(names)}`) +
      "; if another name is right, say it in server_name of upstream_tls",
  ],
  [
    /certificate expired.*not valid after (\d+)/,
    (_, [, seconds]) => `its certificate expired on ${day(seconds)}; it needs a new one`,
  ],
  [
    /not valid yet.*not valid before (\d+)/,
    (_, [, seconds]) =>
      `its certificate is valid from ${day(seconds)} on only; is the clock right?`,
  ],
  [/InvalidContentType/, () => "it does not speak TLS on this port; is its URL an http: one?"],
  [/NoApplicationProtocol/, () => "it refuses HTTP/1.1 in the TLS handshake (ALPN)"],
  [/unexpected end of file|UnexpectedEof/, () => "it closed the connection in the TLS handshake"],
];

/**
 * Explains why a TLS handshake with a server failed, and what to do about it.
 *
 * @param error The runtime's exception.
 * @param name The name or address that the server's certificate must match.
 * @returns The rest of a sentence; the runtime's own text if there is nothing to add.
 */
export function explainTlsFailure(error: unknown, name: string): string {
  const message = errorText(error);
  for (const [pattern, explain] of REASONS) {
    const found = pattern.exec(message);
    if (found !== null) return explain(name, found);
  }
  return `the TLS handshake failed: ${message}`;
}

/** `DnsName("a") or IpAddress(1.2.3.4)` → `a or 1.2.3.4`. */
function plainNames(names: string): string {
  return names.replace(/(?:DnsName|IpAddress)\("?([^")]*)"?\)/g, "$1");
}

/** A time in seconds since 1970 as a date. */
function day(seconds: string | undefined): string {
  const date = new Date(Number(seconds) * 1000);
  return Number.isNaN(date.getTime()) ? "an unknown day" : date.toISOString().slice(0, 10);
}
