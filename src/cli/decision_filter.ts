import { canonicalServerUrl } from "../../mod.ts";
import type { DecisionJson } from "../admin/decisions.ts";
import type { Args, ValueFlag } from "./args.ts";
import { UsageError } from "./errors.ts";

/** The flags that say which decisions are wanted. */
export const FILTER_FLAGS: Readonly<Record<"server" | "path", ValueFlag>> = {
  server: { value: "URL|NAME", help: "only requests that went to this server" },
  path: { value: "PREFIX", help: "only requests whose path begins like this, for example /api" },
};

/**
 * What tells which decisions a command line wants.
 *
 * @param args The command line, with {@linkcode FILTER_FLAGS}.
 * @throws {UsageError} If a path is given that no request can have.
 */
export function readFilter(args: Args): (decision: DecisionJson) => boolean {
  const server = args.text("server");
  const path = args.text("path");
  if (path !== undefined && !path.startsWith("/")) {
    throw new UsageError(`--path must begin with a slash, not "${path}"`);
  }
  const url = server === undefined ? undefined : canonical(server);
  return ({ request, chosen, candidates }) => {
    if (path !== undefined && !request.path.startsWith(path)) return false;
    if (server === undefined || chosen !== null && chosen === url) return true;
    return candidates.some((candidate) => candidate.url === chosen && candidate.name === server);
  };
}

/** The URL in the form that is a server's key; undefined for a name. */
function canonical(text: string): string | undefined {
  try {
    return canonicalServerUrl(text);
  } catch {
    return undefined;
  }
}
