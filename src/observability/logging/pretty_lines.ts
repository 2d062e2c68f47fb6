import {
  getAnsiColorFormatter,
  getTextFormatter,
  type LogRecord,
  type TextFormatter,
} from "@logtape/logtape";
import { escapeControls } from "../../model/printable.ts";

/** How many errors that caused each other are shown. */
const CAUSES_MAX = 5;

const GREEN = "\u001b[32m";
const YELLOW = "\u001b[33m";
const DEFAULT_COLOR = "\u001b[39m";

/**
 * Makes what writes log records for people: the time, the level, the category and the message.
 * Only the stack of an error takes further lines.
 *
 * @param colors Whether the lines have colours.
 */
export function prettyLines(colors: boolean): TextFormatter {
  const options = {
    timestamp: "rfc3339",
    level: "ABBR",
    category: ".",
    // Texts are made harmless before, with more than the controls in mind.
    sanitize: false,
    value: (value: unknown, inspect: (value: unknown) => string) =>
      value instanceof Error ? describeError(value) : describe(value, inspect, colors),
  } as const;
  const format = colors ? getAnsiColorFormatter(options) : getTextFormatter(options);
  return (record: LogRecord) =>
    format({
      ...record,
      category: record.category.map(escapeControls),
      message: record.message.map((part, index) =>
        index % 2 === 0 ? escapeControls(String(part)) : part
      ),
    });
}

function describe(
  value: unknown,
  inspect: (value: unknown) => string,
  colors: boolean,
): string {
  const text = escapeControls(inspect(value));
  if (!colors) return text;
  return `${typeof value === "string" ? GREEN : YELLOW}${text}${DEFAULT_COLOR}`;
}

/** An error with its stack, one line for each place, and the errors that caused it. */
function describeError(error: Error): string {
  const parts: string[] = [];
  let cause: unknown = error;
  while (cause instanceof Error && parts.length < CAUSES_MAX) {
    parts.push(describeStack(cause));
    cause = cause.cause;
  }
  if (cause !== undefined) parts.push(escapeControls(String(cause)));
  return parts.join("\n  caused by ");
}

function describeStack(error: Error): string {
  const head = String(error);
  const { stack } = error;
  // The places are the runtime's own lines; what stands before them may be anybody's.
  if (stack === undefined || !stack.startsWith(head)) return escapeControls(head);
  const places = stack.slice(head.length).split("\n").map(escapeControls).join("\n");
  return escapeControls(head) + places;
}
