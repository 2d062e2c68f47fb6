import { configureSync, getLogger, type LogLevel } from "@logtape/logtape";
import type { LogMessage } from "./messages.ts";

/** From the least to the most severe. */
const LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warning", "error", "fatal"];

/** The lowest level of Ballast's log records that this program has enabled; null for none. */
export function wantedLevel(): LogLevel | null {
  const logger = getLogger("ballast");
  return LEVELS.find((level) => logger.isEnabledFor(level)) ?? null;
}

/**
 * Sends a worker's log records to the main thread, as a worker lacks the program's log configuration.
 *
 * @param level The lowest level; null for none.
 * @param send Sends a record to the main thread.
 */
export function relayLogs(level: LogLevel | null, send: (message: LogMessage) => void): void {
  configureSync({
    sinks: {
      main: ({ category, level, rawMessage, properties }) =>
        send({
          type: "log",
          category,
          level,
          text: typeof rawMessage === "string" ? rawMessage : rawMessage.join(""),
          properties: postable(properties),
        }),
    },
    loggers: [
      { category: "ballast", lowestLevel: level, sinks: ["main"] },
      // The main thread logs LogTape's own remarks.
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["main"] },
    ],
  });
}

/** Logs a record of a worker. */
export function writeRelayed({ category, level, text, properties }: LogMessage): void {
  const logger = getLogger([...category]);
  const method = level === "warning" ? "warn" : level;
  logger[method](text, properties);
}

/** The properties, with those that cannot be posted as text. */
function postable(properties: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => {
      const plain = value instanceof Error || typeof value !== "object" || value === null;
      return [name, plain && typeof value !== "function" ? value : String(value)];
    }),
  );
}
