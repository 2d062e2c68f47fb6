import type { AccessLogFormat, Config } from "../../mod.ts";
import type { Args, ValueFlag } from "./args.ts";
import { UsageError } from "./errors.ts";

const ACCESS_LOG_FORMATS: readonly AccessLogFormat[] = ["common", "combined", "json"];
const LOG_FORMATS = ["pretty", "json"] as const;

/** The flags of `listen` that say what is logged, and how. */
export const LOG_FLAGS: Readonly<Record<"access-log" | "log-format", ValueFlag>> = {
  "access-log": {
    value: "FORMAT",
    help: "write a line for each request to the standard output: common, combined or json",
  },
  "log-format": {
    value: "FORMAT",
    help: "how the log on the standard error output looks: pretty (default on a terminal) or json",
  },
};

/** What is logged, and how. */
export interface LogSettings {
  /** How each request is; undefined for not at all. */
  readonly accessLog: AccessLogFormat | undefined;
  /** How everything else is. */
  readonly logFormat: "pretty" | "json";
}

/**
 * What the flags say of the logs, else the file, else the default.
 *
 * @param args The command line.
 * @param config What the file says.
 * @throws {UsageError} If a flag names no format.
 */
export function readLogFlags(
  args: Args,
  config: Pick<Config, "accessLog" | "logFormat">,
): LogSettings {
  const standard = Deno.stderr.isTerminal() ? "pretty" : "json";
  return {
    accessLog: oneOf(args, "access-log", ACCESS_LOG_FORMATS) ?? config.accessLog,
    logFormat: oneOf(args, "log-format", LOG_FORMATS) ?? config.logFormat ?? standard,
  };
}

function oneOf<T extends string>(args: Args, name: string, values: readonly T[]): T | undefined {
  const value = args.text(name);
  const known = values.find((one) => one === value);
  if (value === undefined || known !== undefined) return known;
  throw new UsageError(`--${name} must be ${values.join(" or ")}, not "${value}"`);
}
