import { type Config, DEFAULT_CONFIG } from "../../config/config.ts";
import { rangeOf } from "../../config/fields.ts";
import { settingsSchema } from "../../config/schema.ts";
import type { Args } from "../command_line.ts";
import { readTlsFlags } from "../files/tls_files.ts";
import { readEtcdFlags } from "./etcd_flags.ts";
import { readWorkersFlag } from "./workers_flag.ts";

/** Settings that `listen` fills in and shows; the balancer fills in the others. */
type FilledName =
  | ("host" | "port" | "apiHost" | "apiPort")
  | ("gracePeriod" | "workers" | "decisions");

/** Settings of `listen`: those of its flags, else of the configuration, else the defaults. */
export type ListenSettings = Config & Required<Pick<Config, FilledName>>;

/**
 * Reads the settings of `listen`.
 *
 * @param args The command line.
 * @param config The configuration file.
 * @throws {UsageError} If a flag has an invalid value.
 */
export function listenSettings(args: Args, config: Config): ListenSettings {
  const { host, port, apiHost, apiPort, gracePeriod, workers, decisions } = DEFAULT_CONFIG;
  const flags: { readonly [Name in keyof Config]?: Config[Name] | undefined } = {
    host: args.host("host"),
    port: wholeNumber(args, "port"),
    apiHost: args.host("api-host"),
    apiPort: wholeNumber(args, "api-port"),
    gracePeriod: wholeNumber(args, "grace-period"),
    workers: readWorkersFlag(args),
    tls: readTlsFlags(args),
    decisions: wholeNumber(args, "decisions"),
    etcd: readEtcdFlags(args, config.etcd),
  };
  const given = Object.entries(flags).filter(([, value]) => value !== undefined);
  return {
    ...{ host, port, apiHost, apiPort, gracePeriod, workers, decisions },
    ...config,
    ...Object.fromEntries(given),
  };
}

/** The value of a flag, in the range of the setting with its name. */
function wholeNumber(
  args: Args,
  flag: "port" | "api-port" | "grace-period" | "decisions",
): number | undefined {
  const name = flag.replace("-", "_") as keyof typeof settingsSchema.shape;
  return args.wholeNumber(flag, ...rangeOf(settingsSchema.shape[name]));
}
