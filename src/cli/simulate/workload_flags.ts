import { type Config, parseConfig } from "../../config/config.ts";
import type { Args, ValueFlag } from "../command_line.ts";
import { CommandError, UsageError } from "../errors.ts";
import { readConfig, whyUnreadable } from "../files/config_file.ts";

/** The most servers that can be asked for without a configuration. */
const SERVERS_MAX = 65_536;

/** The flags that say what is simulated. */
export const WORKLOAD_FLAGS: Readonly<Record<string, ValueFlag>> = {
  "config": { value: "FILE", help: "the configuration of the balancers, with its servers" },
  "servers": { value: "N", help: "in place of --config: so many servers, all alike" },
  "max-connections": { value: "N", help: "with --servers: each one's max_connections" },
  "workload": { value: "FILE", help: "YAML file with the requests, and how servers do with them" },
  "log": { value: "FILE", help: "a JSON access log, whose requests come again" },
  "rate": { value: "N", help: "requests a second" },
  "load": { value: "SHARE", help: "the share of what all servers can do (default 0.8)" },
  "requests": { value: "N", help: "how many requests (default 100000, or by --duration)" },
  "duration": { value: "SECONDS", help: "for how long they come" },
  "service": { value: "SECONDS", help: "what a request takes, exponentially (default 0.1)" },
  "concurrency": { value: "N", help: "how many a server works on at once, 0 any (default 1)" },
  "balancers": { value: "N", help: "how many balancers there are (default 1)" },
  "start": {
    value: "HOW",
    help: "balancers begin with the same server, or each with another (default together)",
    choices: ["together", "apart"],
  },
  "seed": { value: "N", help: "what all chance follows from (default 1)" },
};

/**
 * The configuration that a command line asks for.
 *
 * @throws {UsageError} If it asks for none, or for two.
 * @throws {CommandError} If the file cannot be read or used.
 */
export async function readServers(args: Args): Promise<Config> {
  const path = args.text("config");
  const count = args.wholeNumber("servers", 1, SERVERS_MAX);
  const limit = args.wholeNumber("max-connections", 0, 2 ** 32 - 1);
  if (path !== undefined) {
    if (count !== undefined) throw new UsageError("--servers cannot be given beside --config");
    if (limit !== undefined) throw new UsageError("--max-connections is only for --servers");
    return await readConfig(path);
  }
  if (count === undefined) throw new UsageError("--config FILE is missing, or --servers N");
  const servers = Array.from({ length: count }, (_, i) => ({
    url: `http://server-${i + 1}`,
    name: `server-${i + 1}`,
    ...(limit === undefined ? {} : { maxConnections: limit }),
  }));
  return { ...parseConfig(""), servers };
}

/**
 * The workload that a command line asks for: what the file says, and what the flags say in its place.
 *
 * @param args The command line.
 * @param file What the file says; undefined where there is none.
 * @throws {UsageError} If a flag makes no sense.
 */
export function readWorkloadFlags(args: Args, file: unknown): unknown {
  const service = args.number("service", 1e-6, 31_536_000);
  const flags = {
    rate: args.number("rate", 1e-6, 1e9),
    load: args.number("load", 0.001, 100),
    requests: args.wholeNumber("requests", 1, 1e9),
    duration: args.number("duration", 1e-6, 31_536_000),
    service: service && { distribution: "exponential", mean: service },
    concurrency: args.wholeNumber("concurrency", 0, 1_000_000),
    balancers: args.wholeNumber("balancers", 1, 10_000),
    start: args.text("start"),
    seed: args.wholeNumber("seed", 0, 2 ** 32 - 1),
  };
  const given = Object.entries(flags).filter(([, value]) => value !== undefined);
  const workload = file ?? {};
  // What is no mapping is for others to tell.
  if (typeof workload !== "object" || Array.isArray(workload)) return workload;
  return { ...workload, ...replaced(flags), ...Object.fromEntries(given) };
}

/** A rate is in place of the file's load, and the other way round. */
function replaced({ rate, load }: { rate: number | undefined; load: number | undefined }): object {
  if (rate !== undefined && load === undefined) return { load: undefined };
  return load !== undefined && rate === undefined ? { rate: undefined } : {};
}

/**
 * Reads a text file that a command needs.
 *
 * @param path Where it is.
 * @param what What it is, for the message.
 * @throws {CommandError} If it cannot be read.
 */
export async function readText(path: string, what: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await Deno.readFile(path));
  } catch (error) {
    throw new CommandError(`Cannot read the ${what} ${path}: ${whyUnreadable(error)}`);
  }
}
