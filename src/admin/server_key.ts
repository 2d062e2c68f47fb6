import { invalid } from "../config/validate.ts";
import { BalancerError } from "../model/errors.ts";
import { canonicalServerUrl, type Server } from "../model/server.ts";
import type { ServerStatus } from "../model/server_status.ts";
import { notFound } from "../state/registry.ts";
import { Problem } from "./problem.ts";
import type { AdminTarget } from "./target.ts";

/** Server that a path names. */
export interface Addressed {
  /** The URL in canonical form. */
  readonly url: string;
  /** The server or the source with this URL, if there is one. */
  readonly server: ServerStatus | Server | undefined;
}

/**
 * Finds the server or source that a path names, by its URL in any spelling or by its name. A URL is
 * never taken for a name, so that no server can stand in for another one.
 *
 * @param target The balancer.
 * @param key Segment of the path, decoded.
 * @throws {BalancerError} `invalid` for a malformed URL, `not_found` for an unknown name.
 * @throws {Problem} 409 for a name that several have.
 */
export function findAddressed({ balancer }: AdminTarget, key: string): Addressed {
  let fault: string;
  try {
    const url = canonicalServerUrl(key);
    return { url, server: balancer.find({ url })[0] };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    fault = error.message;
  }
  const named = balancer.find({ name: key });
  const [server] = named;
  if (named.length > 1) throw ambiguous(key, named.map(({ url }) => url));
  if (server !== undefined) return { url: server.url, server };
  if (/^https?:\/\//i.test(key)) throw invalid("the path", [{ path: "url", message: fault }]);
  throw new BalancerError("not_found", `There is no server with the name ${shorten(key)}`);
}

/**
 * The server that a path names, see {@linkcode findAddressed}.
 *
 * @throws {BalancerError} `not_found` or `invalid`.
 * @throws {Problem} 409 for a name that several have.
 */
export function getAddressed(target: AdminTarget, key: string): ServerStatus | Server {
  const { url, server } = findAddressed(target, key);
  if (server === undefined) throw notFound(url);
  return server;
}

/** The server or the source with this URL, in any spelling, if there is one. */
export function findByUrl({ balancer }: AdminTarget, url: string): Server | undefined {
  return balancer.find({ url: canonicalServerUrl(url) })[0];
}

/**
 * The server or the source with this URL, see {@linkcode findByUrl}.
 *
 * @throws {BalancerError} `not_found`.
 */
export function getByUrl(target: AdminTarget, url: string): Server {
  const server = findByUrl(target, url);
  if (server === undefined) throw notFound(url);
  return server;
}

/** Path of a server in this API. */
export function serverPath(url: string): string {
  return `/servers/${encodeURIComponent(url)}`;
}

function ambiguous(name: string, urls: readonly string[]): Problem {
  const detail = `${urls.length} servers have the name ${shorten(name)}; use the URL of one, ` +
    "percent-encoded";
  return new Problem(409, detail, {
    faults: [{ field: "name", detail: `is the name of ${urls.join(", ")}` }],
    members: { urls },
  });
}

function shorten(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}
