import type { EtcdSettings } from "../../config/config.ts";
import { DECISIONS_MAX } from "../../model/settings.ts";
import type { Args } from "../command_line.ts";
import { readTlsFlags, type TlsFiles } from "../files/tls_files.ts";
import { readEtcdFlags } from "./etcd_flags.ts";
import { readWorkersFlag } from "./workers_flag.ts";

const GRACE_PERIOD_MAX = 86_400;

/** What `listen` can be told on the command line as well as in the configuration. */
export interface ListenSettings {
  /** The address on which requests are accepted. */
  readonly host: string;
  /** The port on which requests are accepted. */
  readonly port: number;
  /** The address of the admin API. */
  readonly apiHost: string;
  /** The port of the admin API. */
  readonly apiPort: number;
  /** How long requests under way get to finish at shutdown, in seconds. */
  readonly gracePeriod: number;
  /** How many threads accept connections. */
  readonly workers: number | "auto";
  /** The files by which requests are accepted over TLS. */
  readonly tls: TlsFiles | undefined;
  /** How many of the latest decisions are kept. */
  readonly decisions: number;
  /** Through which etcd the servers are shared; undefined where they are not. */
  readonly etcd: EtcdSettings | undefined;
}

/**
 * What the flags of `listen` say, else the configuration, else the default.
 *
 * @param args The command line.
 * @param config What the configuration says.
 * @throws {UsageError} If a flag makes no sense.
 */
export function listenSettings(args: Args, config: Partial<ListenSettings>): ListenSettings {
  return {
    host: args.host("host") ?? config.host ?? "0.0.0.0",
    port: args.wholeNumber("port", 1, 65_535) ?? config.port ?? 80,
    apiHost: args.host("api-host") ?? config.apiHost ?? "127.0.0.1",
    apiPort: args.wholeNumber("api-port", 1, 65_535) ?? config.apiPort ?? 8000,
    gracePeriod: args.wholeNumber("grace-period", 0, GRACE_PERIOD_MAX) ?? config.gracePeriod ?? 10,
    workers: readWorkersFlag(args) ?? config.workers ?? 1,
    tls: readTlsFlags(args) ?? config.tls,
    decisions: args.wholeNumber("decisions", 0, DECISIONS_MAX) ?? config.decisions ?? 0,
    etcd: readEtcdFlags(args, config.etcd),
  };
}
