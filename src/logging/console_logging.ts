import {
  configure,
  getAnsiColorFormatter,
  getStreamSink,
  getTextFormatter,
} from "@logtape/logtape";

/** How to log. */
export interface ConsoleLogging {
  /** Whether debug messages are wanted too. */
  readonly debug: boolean;
  /** Whether the lines may have colours. */
  readonly colors: boolean;
}

/**
 * Makes the log of Ballast appear on a stream as lines. A library never calls this: there, the log
 * is silent until the program configures it.
 *
 * @param stream Where the lines go.
 * @param options What they look like.
 */
export async function logToStream(
  stream: WritableStream<Uint8Array>,
  { debug, colors }: ConsoleLogging,
): Promise<void> {
  const options = { timestamp: "rfc3339", level: "ABBR", category: "." } as const;
  const formatter = colors ? getAnsiColorFormatter(options) : getTextFormatter(options);
  await configure({
    sinks: { stream: getStreamSink(stream, { formatter }) },
    loggers: [
      { category: "ballast", lowestLevel: debug ? "debug" : "info", sinks: ["stream"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["stream"] },
    ],
  });
}
