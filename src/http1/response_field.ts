import type { HeaderField } from "./message.ts";
import { badResponse } from "./response_errors.ts";

/** A field name: a token (RFC 9110 §5.6.2). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Control characters that a field value or reason phrase must not have (RFC 9110 §5.5). */
// deno-lint-ignore no-control-regex
export const CONTROLS = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** The fields that concern one connection only, each with its role. */
const ROLES: ReadonlyMap<string, FramingField["role"] | "hop_by_hop"> = new Map([
  ["connection", "connection"],
  ["content-length", "content_length"],
  ["keep-alive", "hop_by_hop"],
  ["proxy-authenticate", "hop_by_hop"],
  ["proxy-connection", "hop_by_hop"],
  ["te", "hop_by_hop"],
  // Trailer fields are skipped.
  ["trailer", "hop_by_hop"],
  ["transfer-encoding", "transfer_encoding"],
  ["upgrade", "upgrade"],
]);

/** A field that determines how the content ends, or whether the connection stays open. */
export type FramingField =
  | { readonly role: "connection"; readonly options: readonly string[] }
  | { readonly role: "content_length"; readonly length: number }
  | { readonly role: "transfer_encoding"; readonly chunked: boolean }
  | { readonly role: "upgrade"; readonly protocol: string };

/**
 * A parsed field line: an end-to-end field, which is forwarded; a field of the framing; or another
 * hop-by-hop field (RFC 9110 §7.6.1).
 */
export type ResponseField =
  | { readonly role: "content"; readonly header: HeaderField }
  | { readonly role: "hop_by_hop" }
  | FramingField;

/**
 * Parses a field line.
 *
 * @param line The line without its CR LF.
 * @throws {BalancerError} `bad_response` if it breaks a rule of RFC 9112.
 */
export function parseField(line: string): ResponseField {
  // RFC 9112 §5.2: a line that continues the one before (obs-fold) may be refused by a proxy.
  if (line.startsWith(" ") || line.startsWith("\t")) throw badResponse("has a folded field");
  const colon = line.indexOf(":");
  // RFC 9112 §5.1: no white space between the name and the colon; the token rule covers that.
  const rawName = line.slice(0, colon);
  if (colon < 1 || !TOKEN.test(rawName)) throw badResponse("has a field without a valid name");
  const value = trimWhitespace(line.slice(colon + 1));
  if (CONTROLS.test(value)) throw badResponse(`has a control character in ${rawName}`);
  const name = rawName.toLowerCase();
  const role = ROLES.get(name) ?? "content";
  switch (role) {
    case "content":
      return { role, header: [name, value] };
    case "hop_by_hop":
      return { role };
    case "connection":
      return { role, options: value.toLowerCase().split(",").map((option) => option.trim()) };
    case "content_length":
      return { role, length: parseLength(value) };
    case "transfer_encoding":
      return { role, chunked: value.toLowerCase() === "chunked" };
    case "upgrade":
      return { role, protocol: value.toLowerCase() };
  }
}

function parseLength(value: string): number {
  // RFC 9110 §8.6 allows a list of equal lengths to be read as one; no server sends it on purpose.
  const length = /^[0-9]{1,16}$/.test(value) ? Number(value) : NaN;
  if (!Number.isSafeInteger(length)) throw badResponse("has a Content-Length that is no length");
  return length;
}

/** Removes optional white space: spaces and tabs only (RFC 9110 §5.6.3). */
function trimWhitespace(value: string): string {
  let from = 0;
  let to = value.length;
  while (from < to && isWhitespace(value.charCodeAt(from))) from++;
  while (to > from && isWhitespace(value.charCodeAt(to - 1))) to--;
  return value.slice(from, to);
}

function isWhitespace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
