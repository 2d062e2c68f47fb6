import { getLogger } from "@logtape/logtape";
import type { AccessLogOptions } from "../../balancer/options.ts";
import type { Config } from "../../config/config.ts";
import { ACCESS_LOG_FORMATS, type AccessLogFormat } from "../../model/settings.ts";
import { logTo } from "../../observability/logging/console_logging.ts";
import { LineWriter, type LostLines } from "../../observability/logging/line_writer.ts";
import type { Args, ValueFlag } from "../command_line.ts";
import { UsageError } from "../errors.ts";
import { printLine } from "../output/print.ts";

const logger = getLogger(["ballast", "listen"]);

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

/** How long the readers of the logs get at the end, in milliseconds. */
const DRAIN_MS = 2000;

/** Tells people what the program is doing. */
export type Say = (line: string) => void;

/** Where a running balancer writes what it has to say. */
export interface Logs {
  /** How requests are logged; undefined for not at all. */
  readonly accessLog: AccessLogOptions | undefined;
  /**
   * Writes a line for people to the standard output. Where that is the access log's, or the log is
   * for programs, which want all of it in one place and form, the line goes to the log.
   */
  readonly say: Say;
  /** Waits until both logs are written, but not for long. */
  drain(): Promise<void>;
}

/**
 * Begins to log: what happens on the standard error output, requests on the standard output.
 *
 * @param settings What is logged, and how.
 * @param debug Whether debug messages are wanted too.
 */
export async function startLogs(
  { accessLog, logFormat }: LogSettings,
  debug: boolean,
): Promise<Logs> {
  const errors = new LineWriter({ write: (bytes) => Deno.stderr.write(bytes) });
  const requests = new LineWriter({
    write: (bytes) => Deno.stdout.write(bytes),
    onLoss: tellLoss,
  });
  await logTo(errors, {
    debug,
    format: logFormat,
    colors: Deno.stderr.isTerminal() && !Deno.noColor,
  });
  return {
    accessLog: accessLog && { format: accessLog, write: (lines) => requests.write(lines) },
    say: accessLog === undefined && logFormat === "pretty" ? printLine : sayInLog,
    async drain(): Promise<void> {
      const limit = AbortSignal.timeout(DRAIN_MS);
      await requests.drain(limit);
      await errors.drain(limit);
    },
  };
}

function sayInLog(line: string): void {
  // Braces would be taken for the name of a property.
  logger.info(line.replace(/[{}]/g, "$&$&"));
}

function tellLoss({ lost, why }: LostLines): void {
  if (why === undefined) {
    logger.info("The access log is written again; lines lost: {lost}", { lost });
  } else logger.warn("The access log loses lines, {lost} so far: {why}", { lost, why });
}
