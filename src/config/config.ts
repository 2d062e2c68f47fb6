import { parse } from "@std/yaml";
import type { ServerInit } from "../core/server.ts";
import type { HealthCheck } from "../health/health_check.ts";
import { camelKeys } from "./names.ts";
import { serverListSchema, settingsSchema } from "./schema.ts";
import { invalid, printable, validate } from "./validate.ts";

/** What a configuration file says. */
export interface Config {
  /** The servers, in the file's order. */
  readonly servers: readonly ServerInit[];
  /** How servers are checked, where the file says so. */
  readonly healthCheck: Partial<HealthCheck>;
  /** The address on which requests are accepted. */
  readonly host?: string;
  /** The port on which requests are accepted, 1 to 65535. */
  readonly port?: number;
  /** The address of the admin API. */
  readonly apiHost?: string;
  /** The port of the admin API, 1 to 65535. */
  readonly apiPort?: number;
  /** How many threads accept connections, 1 to 256, or one for each core. */
  readonly workers?: number | "auto";
  /** How long requests under way get to finish at shutdown, in seconds. */
  readonly gracePeriod?: number;
}

/**
 * Reads a configuration: YAML, either a list of servers or a mapping with `servers:` and settings.
 *
 * @param text The YAML text.
 * @param source Where it comes from, for the message.
 * @returns What it says. Nothing is filled in.
 * @throws {BalancerError} `invalid`, with every fault and its path.
 *
 * @example
 * ```ts
 * import { parseConfig } from "@ballast/lb";
 *
 * const config = parseConfig("- url: http://127.0.0.1:3001\n  weight: 2\n");
 * console.assert(config.servers[0]?.weight === 2);
 * ```
 */
export function parseConfig(text: string, source = "the configuration"): Config {
  const value = parseYaml(text, source);
  if (Array.isArray(value)) {
    const servers = validate(serverListSchema, value, source, "servers");
    return { servers: servers.map(camelKeys), healthCheck: {} };
  }
  const { servers = [], health_check = {}, ...settings } = validate(settingsSchema, value, source);
  return {
    ...camelKeys(settings),
    servers: servers.map(camelKeys),
    healthCheck: camelKeys(health_check),
  };
}

function parseYaml(text: string, source: string): unknown {
  try {
    // An empty file, or one with comments only, has no servers.
    return parse(text) ?? [];
  } catch (error) {
    // Behind the first line stands an excerpt of the text.
    const [message = ""] = (error instanceof Error ? error.message : String(error)).split(":\n");
    throw invalid(source, [{ path: "", message: `it is not valid YAML: ${printable(message)}` }]);
  }
}
