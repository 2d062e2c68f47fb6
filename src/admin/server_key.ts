import { BalancerError } from "../model/errors.ts";
import { notFound } from "../state/registry.ts";
import { canonicalServerUrl } from "../model/server.ts";
import type { Server } from "../model/server.ts";
import type { ServerStatus } from "../model/server_status.ts";
import { invalid } from "../config/validate.ts";
import { Problem } from "./problem.ts";
import type { AdminTarget } from "./target.ts";

/** What a path names. */
export interface Addressed {
  /** The URL in canonical form. */
  readonly url: string;
  /** The server or the entry that has it, if there is one. */
  readonly server: ServerStatus | Server | undefined;
}

/**
 * Finds what a path names: a server or an entry by its URL, in any spelling, or by its name. A URL
 * is never taken for a name, so that no server can stand in for another one.
 *
 * @param target Whose servers.
 * @param key The segment of the path, decoded.
 * @throws {BalancerError} `invalid` for what begins as a URL and is none, `not_found` for a name
 * that no server has.
 * @throws {Problem} 409 for a name that several have.
 */
export function findAddressed(target: AdminTarget, key: string): Addressed {
  const { url, fault } = readUrl(key);
  if (url !== undefined) return { url, server: target.balancer.find({ url })[0] };
  const named = target.balancer.find({ name: key });
  const [server] = named;
  if (named.length > 1) throw ambiguous(key, named.map(({ url }) => url));
  if (server !== undefined) return { url: server.url, server };
  if (/^https?:\/\//i.test(key)) throw invalid("the path", [{ path: "url", message: fault }]);
  throw new BalancerError("not_found", `There is no server with the name ${shorten(key)}`);
}

/**
 * The server that a path names, see {@linkcode findAddressed}.
 *
 * @throws {BalancerError} `not_found` if there is none, or `invalid`.
 * @throws {Problem} 409 for a name that several have.
 */
export function getAddressed(target: AdminTarget, key: string): ServerStatus | Server {
  const { url, server } = findAddressed(target, key);
  if (server === undefined) throw notFound(url);
  return server;
}

/**
 * The server or the entry with this URL.
 *
 * @param target Whose server.
 * @param url The URL, in any spelling.
 */
export function findByUrl(target: AdminTarget, url: string): Server | undefined {
  return target.balancer.find({ url: canonicalServerUrl(url) })[0];
}

/**
 * The server or the entry with this URL, see {@linkcode findByUrl}.
 *
 * @throws {BalancerError} `not_found`.
 */
export function getByUrl(target: AdminTarget, url: string): Server {
  const server = findByUrl(target, url);
  if (server === undefined) throw notFound(url);
  return server;
}

/** Where a server is found in this API. */
export function serverPath(url: string): string {
  return `/servers/${encodeURIComponent(url)}`;
}

type UrlReading =
  | { readonly url: string; readonly fault?: never }
  | { readonly url?: never; readonly fault: string };

function readUrl(key: string): UrlReading {
  try {
    return { url: canonicalServerUrl(key) };
  } catch (error) {
    return { fault: (error as TypeError).message };
  }
}

function ambiguous(name: string, urls: readonly string[]): Problem {
  const detail = `${urls.length} servers have the name ${
    shorten(name)
  }; name one by its URL, percent-encoded`;
  return new Problem(409, detail, {
    faults: [{ field: "name", detail: `is the name of ${urls.join(", ")}` }],
    members: { urls },
  });
}

function shorten(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}
