/**
 * Statuses of heuristically cacheable responses (RFC 9110 §15.1), and 304, whose fields update the
 * stored response (RFC 9111 §4.3.4).
 */
const STORED: ReadonlySet<number> = new Set(
  [200, 203, 204, 206, 300, 301, 304, 308, 404, 405, 410, 414, 501],
);

/**
 * Directive of `Cache-Control`, with its argument as a quoted string or a token (RFC 9111 §5.2).
 */
const DIRECTIVE =
  /([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,]*)))?/g;

/**
 * Adds `Cache-Control: private` to a response that is for one client only, so that no shared cache
 * serves its `Set-Cookie` to others, which RFC 9111 §7.3 does not rule out. Nothing is added to
 * responses that no shared cache would store or reuse, as with HAProxy's `nocache`.
 *
 * @param method The method of the request.
 * @param response The response.
 */
export function preventSharedCaching(method: string, { status, headers }: Response): void {
  const directives = readDirectives(headers.get("cache-control"));
  if (isKept(directives, headers) || !mayBeStored(method, status, { directives, headers })) return;
  headers.append("cache-control", "private");
}

/** Whether the server has forbidden shared caches to reuse the response without revalidation. */
function isKept(directives: ReadonlyMap<string, string>, headers: Headers): boolean {
  // RFC 9111 §5.2.2.3: a cache that implements must-understand ignores no-store.
  if (directives.has("no-store") && !directives.has("must-understand")) return true;
  for (const name of ["private", "no-cache"]) {
    const fields = directives.get(name);
    // RFC 9111 §5.2.2.4, §5.2.2.7: with an argument, they apply to the named fields only.
    if (fields === "" || fields?.toLowerCase().split(/[\s,]+/).includes("set-cookie")) return true;
  }
  // RFC 9111 §5.2.2.10: in a shared cache, s-maxage overrides max-age.
  const lifetime = directives.get("s-maxage") ?? directives.get("max-age");
  if (lifetime !== undefined) return Number(lifetime) === 0;
  // RFC 9111 §5.4: the HTTP/1.0 equivalent.
  return directives.size === 0 && readDirectives(headers.get("pragma")).has("no-cache");
}

/** Whether a shared cache may store it (RFC 9111 §3). */
function mayBeStored(
  method: string,
  status: number,
  { directives, headers }: { directives: ReadonlyMap<string, string>; headers: Headers },
): boolean {
  const allowed = directives.has("public") || directives.has("s-maxage") ||
    directives.has("max-age") || headers.has("expires");
  // RFC 9110 §9.3.3: the response to a POST is cacheable only if it says so.
  if (method === "POST") return allowed;
  return (method === "GET" || method === "HEAD") && (allowed || STORED.has(status));
}

/** Directives by their names in lower case, with their arguments; empty if there is none. */
function readDirectives(value: string | null): ReadonlyMap<string, string> {
  const directives = new Map<string, string>();
  for (const [, name, quoted, token] of value?.matchAll(DIRECTIVE) ?? []) {
    directives.set(name!.toLowerCase(), quoted ?? token ?? "");
  }
  return directives;
}
