import { parse } from "@std/yaml";
import { errorText } from "../model/error_text.ts";
import { printable } from "../model/printable.ts";
import { invalid } from "./validate.ts";

/** Notation of numbers that every YAML parser reads alike. */
const DECIMAL =
  /^[-+]?(?:(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:e[-+]?[0-9]+)?|\.inf|\.nan)$/i;
/** Tags of YAML 1.1 types that the failsafe schema does not have. */
const TYPE_TAGS =
  /!(?:!|<tag:yaml\.org,2002:)(?:binary|bool|float|int|null|omap|pairs|set|timestamp)\b>?/g;

/**
 * Parses YAML. A number in a notation that parsers read differently (`0100` is 64 in YAML 1.1 and 100
 * in 1.2) becomes a symbol with its text. No schema accepts a symbol, so the number is reported with
 * its path, together with all other faults.
 *
 * @param text The text.
 * @param source Name of the text in the error message.
 * @returns The value; null if there are only comments.
 * @throws {BalancerError} `invalid` if the text is not valid YAML.
 */
export function parseYaml(text: string, source: string): unknown {
  try {
    const value = parse(text);
    // With this schema, every scalar is its source text. Replacing a tag within a text does no harm:
    // only numbers are compared.
    const written = parse(text.replace(TYPE_TAGS, "!"), { schema: "failsafe" });
    return markNumbers(value, written, new Set()) ?? null;
  } catch (error) {
    // An excerpt of the text follows the first line.
    const [message = ""] = errorText(error).split(":\n");
    throw invalid(source, [{ path: "", message: `it is not valid YAML: ${printable(message)}` }]);
  }
}

/**
 * Replaces the ambiguous numbers in a value by symbols.
 *
 * @param value The parsed value.
 * @param written The same with every scalar as its source text.
 * @param seen Objects that are done: aliases can put one in many places, and into itself.
 */
function markNumbers(value: unknown, written: unknown, seen: Set<object>): unknown {
  if (typeof value === "number" && typeof written === "string") {
    return DECIMAL.test(written) ? value : Symbol(written);
  }
  if (typeof value !== "object" || value === null || seen.has(value)) return value;
  seen.add(value);
  for (const [key, item] of Object.entries(value)) {
    const mark = markNumbers(item, writtenAt(written, key), seen);
    if (mark !== item) (value as Record<string, unknown>)[key] = mark;
  }
  return value;
}

/** The source text at a key: in the mapping itself, or in one that is merged into it (`<<`). */
function writtenAt(written: unknown, key: string, seen = new Set<unknown>()): unknown {
  if (typeof written !== "object" || written === null || seen.has(written)) return undefined;
  seen.add(written);
  const fields = written as Record<string, unknown>;
  if (Object.hasOwn(fields, key)) return fields[key];
  for (const merged of Object.hasOwn(fields, "<<") ? [fields["<<"]].flat() : []) {
    const found = writtenAt(merged, key, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}
