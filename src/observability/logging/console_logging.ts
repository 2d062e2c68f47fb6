import { configure } from "@logtape/logtape";
import { formatJsonLine } from "./json_lines.ts";
import type { LineWriter } from "./line_writer.ts";
import { prettyLines } from "./pretty_lines.ts";

/** Options of {@linkcode logTo}. */
export interface ConsoleLogging {
  /** Whether to log debug messages. */
  readonly debug: boolean;
  /** Format of the lines: for people, or as JSON objects. */
  readonly format: "pretty" | "json";
  /** Whether lines for people have colours. */
  readonly colors: boolean;
}

/**
 * Configures the program's log. A library never calls this: its log is silent until the program
 * that uses it configures LogTape.
 *
 * @param output The writer of the lines.
 * @param options The options.
 */
export async function logTo(
  output: LineWriter,
  { debug, format, colors }: ConsoleLogging,
): Promise<void> {
  const formatter = format === "json" ? formatJsonLine : prettyLines(colors);
  await configure({
    sinks: { lines: (record) => output.write(formatter(record)) },
    loggers: [
      { category: "ballast", lowestLevel: debug ? "debug" : "info", sinks: ["lines"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["lines"] },
    ],
  });
}
