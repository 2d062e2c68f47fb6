/**
 * A valid Host: a name or an address, with IPv6 in brackets, and optionally a port; no user name, path,
 * space or control character (RFC 9112 §3.2, RFC 3986 §3.2.2, §3.2.3).
 */
const HOST = /^(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[A-Za-z0-9._~%:-]+\])(?::[0-9]*)?$/;

/** Whether a text is a valid value of the Host field (RFC 9112 §3.2). */
export function isHostField(text: string): boolean {
  return HOST.test(text);
}

/** Requested URL, as received. */
export interface RequestUrl {
  /** Host, with a port if there is one. */
  readonly host: string;
  /** Path and query; `*` for the server as a whole (RFC 9112 §3.2.4). */
  readonly target: string;
}

/**
 * Whether a request is for the server as a whole (RFC 9112 §3.2.4, RFC 9113 §8.3.1). The platform puts
 * a slash before the asterisk, so OPTIONS for a resource `/*` looks the same.
 *
 * @param method The method.
 * @param target The request target in the platform's URL.
 */
export function isAsterisk(method: string, target: string): boolean {
  return target === "/*" && method === "OPTIONS";
}

/**
 * Splits the URL of a request without validating it.
 *
 * @param url The URL that the platform made from the target and the Host.
 * @param method The method.
 */
export function splitRequestUrl(url: string, method: string): RequestUrl {
  const from = url.indexOf("://") + 3;
  const path = url.indexOf("/", from);
  const query = url.indexOf("?", from);
  // A question mark before the first slash: the path is empty.
  const to = path >= 0 && (query < 0 || path < query) ? path : query >= 0 ? query : url.length;
  const target = url.slice(to);
  if (isAsterisk(method, target)) return { host: url.slice(from, to), target: "*" };
  return {
    host: url.slice(from, to),
    target: target.startsWith("/") ? target : `/${target}`,
  };
}
