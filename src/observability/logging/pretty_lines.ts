import {
  getAnsiColorFormatter,
  getTextFormatter,
  type LogRecord,
  type TextFormatter,
} from "@logtape/logtape";
import { escapeControls } from "../../model/printable.ts";

/** The longest chain of causes shown. */
const CAUSES_MAX = 5;

const GREEN = "\u001b[32m";
const YELLOW = "\u001b[33m";
const DEFAULT_COLOR = "\u001b[39m";

/**
 * Makes a formatter of log records for people: time, level, category and message. Only the stack of
 * an error takes further lines.
 *
 * @param colors Whether the lines have colours.
 */
export function prettyLines(colors: boolean): TextFormatter {
  const options = {
    timestamp: "rfc3339",
    level: "ABBR",
    category: ".",
    // Texts are escaped beforehand, and more thoroughly.
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
  const text = escapeControls(typeof value === "string" ? value : inspect(value));
  if (!colors) return text;
  return `${typeof value === "string" ? GREEN : YELLOW}${text}${DEFAULT_COLOR}`;
}

/** Formats an error with its stack and its causes. */
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
  // The stack frames are the runtime's own text; the text before them may come from anywhere.
  if (stack === undefined || !stack.startsWith(head)) return escapeControls(head);
  const frames = stack.slice(head.length).split("\n").map(escapeControls).join("\n");
  return escapeControls(head) + frames;
}
