import { configureSync, getLogger, type LogLevel } from "@logtape/logtape";
import type { LogMessage } from "./messages.ts";

/** From the least to the most severe. */
const LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warning", "error", "fatal"];

/** From which level on this program wants Ballast's log records; null for none at all. */
export function wantedLevel(): LogLevel | null {
  const logger = getLogger("ballast");
  return LEVELS.find((level) => logger.isEnabledFor(level)) ?? null;
}

/**
 * Sends a worker's log records to the main thread: what the program has configured there, a worker
 * knows nothing of.
 *
 * @param level From which level on; null for none.
 * @param send Takes a record to the main thread.
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
      // LogTape's own remarks are the main thread's to make.
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["main"] },
    ],
  });
}

/** Writes a record that came from a worker. */
export function writeRelayed({ category, level, text, properties }: LogMessage): void {
  const logger = getLogger([...category]);
  const method = level === "warning" ? "warn" : level;
  logger[method](text, properties);
}

/** The properties as far as they can be posted, the rest as text. */
function postable(properties: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => {
      const plain = value instanceof Error || typeof value !== "object" || value === null;
      return [name, plain && typeof value !== "function" ? value : String(value)];
    }),
  );
}
