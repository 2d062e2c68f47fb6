import { getLogger } from "@logtape/logtape";
import type { AccessLogOptions } from "../../balancer/options.ts";
import type { Config } from "../../config/config.ts";
import { ACCESS_LOG_FORMATS, type AccessLogFormat } from "../../model/settings.ts";
import { logTo } from "../../observability/logging/console_logging.ts";
import { LineWriter, type LostLines } from "../../observability/logging/line_writer.ts";
import type { Args, ValueFlag } from "../command_line.ts";
import { printLine, type Say } from "../output/print.ts";

const logger = getLogger(["ballast", "listen"]);

const LOG_FORMATS = ["pretty", "json"] as const;
/** Time for the readers of the logs to catch up at shutdown, in milliseconds. */
const DRAIN_MS = 2000;

/** The flags of the logs. */
export const LOG_FLAGS: Readonly<Record<"access-log" | "log-format", ValueFlag>> = {
  "access-log": {
    value: "FORMAT",
    help: "log each request to standard output: common, combined or json (default none)",
    choices: ACCESS_LOG_FORMATS,
  },
  "log-format": {
    value: "FORMAT",
    help: "log format on standard error: pretty (default on a terminal) or json",
    choices: LOG_FORMATS,
  },
};

/** Formats of the logs. */
export interface LogSettings {
  /** Format of the access log; undefined for none. */
  readonly accessLog: AccessLogFormat | undefined;
  /** Format of the program's log. */
  readonly logFormat: "pretty" | "json";
  /** Whether the user asked for JSON, so that a failed start has to be reported as JSON as well. */
  readonly isJsonRequested: boolean;
}

/**
 * Reads the formats of the logs from the flags, else the configuration, else the defaults.
 *
 * @throws {UsageError} If a flag names an unknown format.
 */
export function readLogFlags(
  args: Args,
  config: Pick<Config, "accessLog" | "logFormat">,
): LogSettings {
  const requested = args.oneOf("log-format", LOG_FORMATS) ?? config.logFormat;
  return {
    accessLog: args.oneOf("access-log", ACCESS_LOG_FORMATS) ?? config.accessLog,
    logFormat: requested ?? (Deno.stderr.isTerminal() ? "pretty" : "json"),
    isJsonRequested: requested === "json",
  };
}

/** The logs of a running balancer. */
export interface Logs {
  /** Options of the access log; undefined for none. */
  readonly accessLog: AccessLogOptions | undefined;
  /**
   * Writes a line to the standard output; to the log if the standard output is the access log's, or
   * if the log is JSON.
   */
  readonly say: Say;
  /** Waits until both logs are written, up to a time limit. */
  drain(): Promise<void>;
}

/**
 * Starts logging: the program's log on the standard error output, requests on the standard output.
 *
 * @param debug Whether to log debug messages.
 */
export async function startLogs(
  { accessLog, logFormat }: Pick<LogSettings, "accessLog" | "logFormat">,
  debug: boolean,
): Promise<Logs> {
  const errors = new LineWriter({ write: (bytes) => Deno.stderr.write(bytes) });
  const requests = new LineWriter({
    write: (bytes) => Deno.stdout.write(bytes),
    onLoss: logLoss,
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
  // Single braces would mark a property.
  logger.info(line.replace(/[{}]/g, "$&$&"));
}

function logLoss({ lost, why }: LostLines): void {
  if (why === undefined) {
    logger.info("Writing the access log again; lines lost: {lost}", { lost });
  } else logger.warn("Dropping access log lines, {lost} so far: {why}", { lost, why });
}
