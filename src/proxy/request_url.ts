/**
 * What may stand in a Host: a name or an address, an IPv6 one in brackets, and a port of digits; no
 * user name, path, space or control (RFC 9112 §3.2, RFC 3986 §3.2.2, §3.2.3).
 */
const HOST = /^(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[A-Za-z0-9._~%:-]+\])(?::[0-9]*)?$/;

/** Whether a text is a valid Host (RFC 9112 §3.2). */
export function isHost(text: string): boolean {
  return HOST.test(text);
}

/** What a client asked for, as it was received. */
export interface RequestUrl {
  /** The host, with a port where there is one. */
  readonly host: string;
  /** The path and query; `*` for a server as a whole (RFC 9112 §3.2.4). */
  readonly target: string;
}

/**
 * Whether a request is for a server as a whole (RFC 9112 §3.2.4, RFC 9113 §8.3.1). The platform puts
 * a slash before that asterisk, so a resource with the path `/*` cannot be told from it.
 *
 * @param method The method.
 * @param target The request target, as the platform's URL has it.
 */
export function isAsterisk(method: string, target: string): boolean {
  return target === "/*" && method === "OPTIONS";
}

/**
 * Takes the URL of a request apart, without judging it.
 *
 * @param url The URL as the platform made it of the target and the Host.
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
