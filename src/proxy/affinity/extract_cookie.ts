/** A Cookie field without the cookies of one name. */
export interface ExtractedCookie {
  /** The rest, byte for byte; empty if there is none. */
  readonly rest: string;
  /** Values of the extracted cookies, in order. */
  readonly values: readonly string[];
}

const SPACE = " ";
const TAB = "\t";

/**
 * Extracts the cookies of one name from a Cookie field (RFC 6265 §4.2.1, parsed as leniently as
 * servers do: spaces around names and values are ignored, and a semicolon always ends a cookie).
 *
 * @param field The value of the field.
 * @param name The name, which is case-sensitive (RFC 6265 §4.1.1).
 * @returns The values and the rest; undefined if there is no such cookie.
 */
export function extractCookie(field: string, name: string): ExtractedCookie | undefined {
  if (!field.includes(name)) return undefined;
  const values: string[] = [];
  let rest = "";
  for (let from = 0; from <= field.length;) {
    const semicolon = field.indexOf(";", from);
    const to = semicolon === -1 ? field.length : semicolon;
    const value = valueOf(field.slice(from, to), name);
    if (value !== undefined) values.push(value);
    // Including the semicolon before it, so that separators stay as they are.
    else rest += field.slice(from === 0 ? 0 : from - 1, to);
    from = to + 1;
  }
  if (values.length === 0) return undefined;
  return { rest: withoutStart(rest), values };
}

/** The value of a cookie, if it has this name. */
function valueOf(cookie: string, name: string): string | undefined {
  const equals = cookie.indexOf("=");
  if (equals === -1 || cookie.slice(0, equals).trim() !== name) return undefined;
  return cookie.slice(equals + 1).trim();
}

/** Removes the separator that followed an extracted first cookie. */
function withoutStart(rest: string): string {
  if (!rest.startsWith(";")) return rest;
  let from = 1;
  while (rest[from] === SPACE || rest[from] === TAB) from++;
  return rest.slice(from);
}
