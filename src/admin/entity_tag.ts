import type { Server } from "../model/server.ts";
import { Problem } from "./problem.ts";
import { serverJson } from "./server_json.ts";

/** Constants of the 128-bit hash by Fowler, Noll and Vo (FNV-1a). */
const OFFSET_BASIS = 0x6c62272e07bb014262b821756295c58dn;
const PRIME = 0x0000000001000000000000000000013bn;

/** Entity tag (RFC 9110 §8.8.3); a byte above ASCII arrives as the character with its number. */
const TAG = /^(?:W\/)?"[!#-~\u0080-\u00ff]*"/;

/**
 * Makes the strong entity tag of a server's configuration, its URL included. Health and requests are
 * not part of it: the same configuration has the same tag, on every balancer and after every restart.
 *
 * It is computed synchronously, unlike the platform's digests, so that nothing can happen between a
 * comparison and a change.
 *
 * @returns The value of `ETag`, with its quotes.
 */
export function entityTag(server: Server): string {
  let hash = OFFSET_BASIS;
  for (const byte of new TextEncoder().encode(JSON.stringify(serverJson(server)))) {
    hash = BigInt.asUintN(128, (hash ^ BigInt(byte)) * PRIME);
  }
  return `"${hash.toString(16).padStart(32, "0")}"`;
}

/** Condition on entity tags: any tag, or one of these. */
export type TagCondition = "*" | readonly string[];

/**
 * Reads `If-Match` or `If-None-Match` (RFC 9110 §13.1.1, §13.1.2).
 *
 * @param headers Header fields of the request.
 * @param name Name of the field.
 * @returns The condition, weak tags with their `W/`; undefined without the field.
 * @throws {Problem} 400 if it is malformed.
 */
export function readTagCondition(
  headers: Headers,
  name: "if-match" | "if-none-match",
): TagCondition | undefined {
  const field = headers.get(name);
  if (field === null) return undefined;
  if (field.trim() === "*") return "*";
  const tags: string[] = [];
  let rest = field;
  do {
    rest = rest.replace(/^[ \t]+/, "");
    const [tag = ""] = TAG.exec(rest) ?? [];
    if (tag !== "") tags.push(tag);
    rest = rest.slice(tag.length).replace(/^[ \t]+/, "");
    // Elements of a list may be empty (RFC 9110 §5.6.1.2), but nothing else may stand between commas.
    if (rest !== "" && !rest.startsWith(",")) throw malformed(name);
    rest = rest.slice(1);
  } while (rest !== "");
  if (tags.length === 0) throw malformed(name);
  return tags;
}

function malformed(name: string): Problem {
  const detail = 'must be * or a list of entity tags such as "abc", in quotes';
  return new Problem(400, `Cannot read the field ${name}: it ${detail}`, {
    faults: [{ field: name, detail }],
  });
}
