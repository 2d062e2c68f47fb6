import { configure } from "@logtape/logtape";
import { formatJsonLine } from "./json_lines.ts";
import type { LineWriter } from "./line_writer.ts";
import { prettyLines } from "./pretty_lines.ts";

/** How to log. */
export interface ConsoleLogging {
  /** Whether debug messages are wanted too. */
  readonly debug: boolean;
  /** How the lines look: for people, or a JSON object each. */
  readonly format: "pretty" | "json";
  /** Whether lines for people may have colours. */
  readonly colors: boolean;
}

/**
 * Makes the log of Ballast appear as lines. A library never calls this: there, the log is silent
 * until the program configures it.
 *
 * @param output Where the lines go.
 * @param options What they look like.
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
