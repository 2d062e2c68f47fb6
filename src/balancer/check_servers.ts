import { checkOptions } from "../config/check_options.ts";
import { checkKeys } from "../config/known_keys.ts";
import { serverSchema } from "../config/server_schema.ts";
import { BalancerError } from "../model/errors.ts";
import {
  canonicalServerUrl,
  SERVER_FIELD_NAMES,
  type ServerChange,
  type ServerInit,
} from "../model/server.ts";
import { canDial } from "../upstream/dial.ts";

/**
 * Checks a server.
 *
 * @returns The server as it was given.
 * @throws {BalancerError} `invalid`, with every fault; `unsupported` if this runtime cannot verify
 * the certificates of discovered servers.
 */
export function checkServer(server: ServerInit): ServerInit {
  const checked = checkOptions(serverSchema, server, "the server");
  const { url, discover } = checked;
  if (discover === undefined || canDial() || !/^https:/i.test(url)) return checked;
  throw new BalancerError(
    "unsupported",
    `Cannot discover the servers of ${url}: this runtime's fetch verifies certificates for the ` +
      "address that it connects to, not for the name; use http:, or run on Deno",
  );
}

/**
 * Checks a change of a server.
 *
 * @returns The change, with the server's URL as it was given.
 * @throws {BalancerError} `invalid`, with every fault, and as {@linkcode checkServer}.
 */
export function checkChange(url: string, change: ServerChange): ServerInit {
  // A change made from a server that `config()` lists has the URL in it.
  const names = hasUrl(change, url) ? ["url", ...SERVER_FIELD_NAMES] : SERVER_FIELD_NAMES;
  const known = Object.fromEntries(names.map((name) => [name, true] as const));
  checkKeys("the change", [{ at: "", value: change, known }]);
  return checkServer({ ...change, url });
}

function hasUrl(change: ServerChange & { readonly url?: unknown }, url: string): boolean {
  try {
    return canonicalServerUrl(String(change?.url)) === canonicalServerUrl(url);
  } catch {
    return false;
  }
}

/**
 * Checks a list of servers: each by itself, and that no URL is there twice.
 *
 * @throws {BalancerError} `invalid`, with every fault of the first that has one, or `already_exists`.
 */
export function checkServers(servers: readonly ServerInit[]): readonly ServerInit[] {
  const checked = servers.map((server) => checkServer(server));
  const urls = new Set<string>();
  for (const { url } of checked) {
    const key = canonicalServerUrl(url);
    if (urls.has(key)) {
      throw new BalancerError("already_exists", `Cannot use the servers: ${key} is listed twice`);
    }
    urls.add(key);
  }
  return checked;
}
