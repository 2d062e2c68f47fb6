import {
  canonicalServerUrl,
  type Discover,
  DISCOVER_KINDS,
  type ServerJson,
  UINT32_MAX,
} from "../../mod.ts";
import type { Args, ValueFlag } from "./args.ts";
import { UsageError } from "./errors.ts";

/** The flags that describe a server. */
export const SERVER_FLAGS: Readonly<Record<string, ValueFlag>> = {
  "url": { value: "URL", help: "the server's unique URL (required)" },
  "name": { value: "NAME", help: "a name for people (default: the URL's host and port)" },
  "weight": { value: "N", help: "higher values get more requests, 0 gets none (default 1)" },
  "health-check-period": {
    value: "SECONDS",
    help: "seconds between two health checks, 0 for none (default 10)",
  },
  "max-connections": {
    value: "N",
    help: "how many requests the server works on at once; further ones wait (default 0, any)",
  },
};

/** The flag that makes it an entry, for commands that take it. */
export const DISCOVER_FLAG: Readonly<Record<"discover", ValueFlag>> = {
  "discover": {
    value: "HOW",
    help: "make each address behind the URL's host a server: dns, or dns-srv (default: one server)",
    choices: DISCOVER_KINDS,
  },
};

/** A server as the command line gives it; the defaults are the seed's. */
export type ServerFlags =
  & Omit<ServerJson, "name" | "max_connections" | "draining">
  & Partial<Pick<ServerJson, "name" | "max_connections">>;

/**
 * The server that a command line describes.
 *
 * @throws {UsageError} If a flag makes no sense.
 */
export function readServerFlags(args: Args): ServerFlags {
  const name = args.text("name");
  const discover = readDiscoverFlag(args);
  const maxConnections = args.wholeNumber("max-connections", 0, UINT32_MAX);
  return {
    url: readUrlFlag(args),
    ...(name === undefined ? {} : { name }),
    weight: args.wholeNumber("weight", 0, UINT32_MAX) ?? 1,
    health_check_period: args.wholeNumber("health-check-period", 0, UINT32_MAX) ?? 10,
    ...(maxConnections === undefined ? {} : { max_connections: maxConnections }),
    ...(discover === undefined ? {} : { discover }),
  };
}

function readDiscoverFlag(args: Args): Discover | undefined {
  const value = args.text("discover");
  const kind = DISCOVER_KINDS.find((each) => each === value);
  if (kind !== undefined || value === undefined) return kind;
  throw new UsageError(`--discover must be ${DISCOVER_KINDS.join(" or ")}, not "${value}"`);
}

/**
 * The server URL that a command line gives.
 *
 * @throws {UsageError} If it is missing, or none.
 */
export function readUrlFlag(args: Args): string {
  const url = args.required("url");
  try {
    return canonicalServerUrl(url);
  } catch (error) {
    throw new UsageError(`--url ${(error as Error).message}: give one like http://127.0.0.1:3001`);
  }
}
