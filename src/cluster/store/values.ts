import { z } from "zod";
import { type Schema, validate } from "../../config/validate.ts";

/** Schema of a time, RFC 3339 in UTC. */
export const momentSchema: z.ZodType<Date, string> = z.iso
  .datetime({ error: "must be a time such as 2026-01-31T12:00:00.000Z" })
  .transform((text) => new Date(text));

/** Schema of a text with at most so many characters. */
export function textSchema(max: number): z.ZodString {
  const error = `must be text of at most ${max} characters`;
  return z.string({ error }).max(max, { error });
}

/** Schema of a count. */
export function countSchema(): z.ZodNumber {
  const error = "must be a whole number of at least 0";
  return z.number({ error }).int({ error }).min(0, { error });
}

/**
 * Parses the value of a key. Unknown fields are ignored: a newer version may have written them.
 *
 * @param schema The schema.
 * @param value The value.
 * @throws {BalancerError} `invalid`, with every fault.
 */
export function parseValue<T>(schema: Schema<T>, value: string): T {
  let json: unknown;
  try {
    json = JSON.parse(value);
  } catch {
    json = undefined;
  }
  return validate(schema, json, "the value");
}

/** Truncates a text. */
export function clipped(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}
