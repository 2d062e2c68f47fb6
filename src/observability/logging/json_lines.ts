import type { LogRecord } from "@logtape/logtape";
import { escapeControls } from "../../model/printable.ts";

/**
 * Formats a log record as a line of JSON: `time` (RFC 3339, UTC), `level`, `logger` (the category,
 * with dots), `message`, and `properties`, if there are any.
 *
 * @param record The record.
 */
export function formatJsonLine(record: LogRecord): string {
  const { timestamp, level, category, properties } = record;
  const line = {
    time: new Date(timestamp).toISOString(),
    level,
    logger: category.join("."),
    message: messageOf(record),
    ...(Object.keys(properties).length === 0 ? {} : { properties }),
  };
  let json: string;
  try {
    json = JSON.stringify(line, plainValue);
  } catch {
    // A circular value, or one whose toJSON() throws.
    json = JSON.stringify({ ...line, properties: asTexts(properties) });
  }
  return `${escapeControls(json)}\n`;
}

/** The message with its values inserted. */
function messageOf({ message }: LogRecord): string {
  return message.map((part, index) => index % 2 === 0 ? part : textOf(part)).join("");
}

function textOf(value: unknown): string {
  try {
    if (typeof value !== "object" || value === null || value instanceof Error) return String(value);
    return JSON.stringify(value, plainValue) ?? "undefined";
  } catch {
    return "[unprintable]";
  }
}

/** Replaces values that JSON cannot represent, or only as an empty object. */
function plainValue(_name: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return { name, message, stack, cause };
}

function asTexts(properties: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, textOf(value)]),
  );
}
