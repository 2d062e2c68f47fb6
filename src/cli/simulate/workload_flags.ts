import { type Config, parseConfig } from "../../config/config.ts";
import type { Args, ValueFlag } from "../command_line.ts";
import { UsageError } from "../errors.ts";
import { readConfig } from "../files/config_file.ts";

/** The most servers without a configuration. */
const SERVERS_MAX = 65_536;

/** The flags of the simulated servers, requests and balancers. */
export const WORKLOAD_FLAGS = {
  "config": { value: "FILE", help: "configuration file with the settings and servers to simulate" },
  "servers": { value: "N", help: "simulate N identical servers, instead of --config" },
  "max-connections": { value: "N", help: "max_connections of each server, with --servers" },
  "workload": { value: "FILE", help: "YAML file that describes requests and service times" },
  "log": { value: "FILE", help: "JSON access log to replay requests from" },
  "rate": { value: "N", help: "requests per second" },
  "load": {
    value: "SHARE",
    help: "rate as a fraction of the servers' total capacity (default 0.8)",
  },
  "requests": {
    value: "N",
    help: "number of requests (default 100000, or as many as fit in --duration)",
  },
  "duration": { value: "SECONDS", help: "duration of the workload" },
  "service": {
    value: "SECONDS",
    help: "mean service time, exponentially distributed (default 0.1)",
  },
  "concurrency": {
    value: "N",
    help: "requests that a server handles at once; 0 for no limit (default 1)",
  },
  "balancers": { value: "N", help: "number of balancers (default 1)" },
  "start": {
    value: "HOW",
    help:
      "first server that balancers pick: the same for all (together, the default) or random (apart)",
    choices: ["together", "apart"],
  },
  "seed": { value: "N", help: "random seed (default 1)" },
} satisfies Readonly<Record<string, ValueFlag>>;

/**
 * Reads the configuration with the servers, or makes one of identical servers.
 *
 * @throws {UsageError} If the command line gives neither, or both.
 * @throws {CommandError} If the file cannot be read or used.
 */
export async function readServers(args: Args): Promise<Config> {
  const path = args.text("config");
  const count = args.wholeNumber("servers", 1, SERVERS_MAX);
  const limit = args.wholeNumber("max-connections", 0, 2 ** 32 - 1);
  if (path !== undefined) {
    if (count !== undefined) throw new UsageError("--servers cannot be used with --config");
    if (limit !== undefined) throw new UsageError("--max-connections needs --servers");
    return await readConfig(path);
  }
  if (count === undefined) throw new UsageError("--config FILE or --servers N is required");
  const servers = Array.from({ length: count }, (_, i) => ({
    url: `http://server-${i + 1}`,
    name: `server-${i + 1}`,
    ...(limit === undefined ? {} : { maxConnections: limit }),
  }));
  return { ...parseConfig(""), servers };
}

/**
 * Reads the workload from a file and the flags, which take precedence.
 *
 * @param file The content of the file; undefined without one.
 * @throws {UsageError} If a flag is invalid.
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
    start: args.oneOf("start", WORKLOAD_FLAGS.start.choices),
    seed: args.wholeNumber("seed", 0, 2 ** 32 - 1),
  };
  const given = Object.entries(flags).filter(([, value]) => value !== undefined);
  const workload = file ?? {};
  // The schema reports anything that is not a mapping.
  if (typeof workload !== "object" || Array.isArray(workload)) return workload;
  return { ...workload, ...replaced(flags), ...Object.fromEntries(given) };
}

/** A rate overrides the load of the file, and the other way round. */
function replaced({ rate, load }: { rate: number | undefined; load: number | undefined }): object {
  if (rate !== undefined && load === undefined) return { load: undefined };
  return load !== undefined && rate === undefined ? { rate: undefined } : {};
}
