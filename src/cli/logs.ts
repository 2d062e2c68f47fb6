import { getLogger } from "@logtape/logtape";
import type { AccessLogOptions } from "../../mod.ts";
import { logTo } from "../observability/logging/console_logging.ts";
import { LineWriter, type LostLines } from "../observability/logging/line_writer.ts";
import type { LogSettings } from "./log_flags.ts";
import { printLine } from "./output.ts";

const logger = getLogger(["ballast", "listen"]);

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
