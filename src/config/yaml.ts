import { parse } from "@std/yaml";
import { errorText } from "../model/error_text.ts";
import { printable } from "../model/printable.ts";
import { invalid } from "./validate.ts";

/** A number as every YAML parser reads it. */
const DECIMAL =
  /^[-+]?(?:(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:e[-+]?[0-9]+)?|\.inf|\.nan)$/i;
/** The tags of YAML (YAML 1.1 types) that the failsafe schema does not know. */
const TYPE_TAGS =
  /!(?:!|<tag:yaml\.org,2002:)(?:binary|bool|float|int|null|omap|pairs|set|timestamp)\b>?/g;

/**
 * What a YAML text says. A number in a notation that some parsers read as another number or as text
 * (`0100` is 64 in YAML 1.1 and 100 in 1.2) becomes a symbol with its text: no schema takes one, so it
 * is refused where it stands, together with whatever else is wrong.
 *
 * @param text The text.
 * @param source Where it comes from, for the message.
 * @returns The value; null where there is nothing but comments.
 * @throws {BalancerError} `invalid` if it is no YAML.
 */
export function parseYaml(text: string, source: string): unknown {
  try {
    const value = parse(text);
    // With this schema every scalar is the text that it was written as. Where a tag stands in a text,
    // there is no number to be compared with it.
    const written = parse(text.replace(TYPE_TAGS, "!"), { schema: "failsafe" });
    return markNumbers(value, written, new Set()) ?? null;
  } catch (error) {
    // Behind the first line stands an excerpt of the text.
    const [message = ""] = errorText(error).split(":\n");
    throw invalid(source, [{ path: "", message: `it is not valid YAML: ${printable(message)}` }]);
  }
}

/**
 * Marks the ambiguous numbers in a value.
 *
 * @param value What was read.
 * @param written The same with every scalar as it was written.
 * @param seen What is done already: with aliases, a value can stand in many places, and in itself.
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

/** What was written at a key: in the mapping itself, or in one that is merged into it (`<<`). */
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
