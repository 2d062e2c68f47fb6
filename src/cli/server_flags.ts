import { canonicalServerUrl, type Discover, DISCOVER_KINDS, UINT32_MAX } from "../../mod.ts";
import type { ServerJson } from "../admin/server_json.ts";
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

/** What a command line says of a server, and nothing beyond. */
export type GivenFlags = Pick<ServerFlags, "url"> & Partial<ServerFlags>;

/** What the seed has for a server of which nobody says more. */
const DEFAULTS = { weight: 1, health_check_period: 10 };

/**
 * The server that a command line describes, with the defaults of the seed.
 *
 * @throws {UsageError} If a flag makes no sense.
 */
export function readServerFlags(args: Args): ServerFlags {
  return { ...DEFAULTS, ...readGivenFlags(args) };
}

/**
 * What a command line says of a server.
 *
 * @throws {UsageError} If a flag makes no sense.
 */
export function readGivenFlags(args: Args): GivenFlags {
  const fields = {
    url: readUrlFlag(args),
    name: args.text("name"),
    weight: args.wholeNumber("weight", 0, UINT32_MAX),
    health_check_period: args.wholeNumber("health-check-period", 0, UINT32_MAX),
    max_connections: args.wholeNumber("max-connections", 0, UINT32_MAX),
    discover: readDiscoverFlag(args),
  };
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as GivenFlags;
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
