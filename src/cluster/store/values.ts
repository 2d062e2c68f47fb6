import { z } from "zod";
import { type Schema, validate } from "../../config/validate.ts";

/** A moment, as RFC 3339 in UTC. */
export const momentSchema: z.ZodType<Date, string> = z.iso
  .datetime({ error: "must be a time such as 2026-01-31T12:00:00.000Z" })
  .transform((text) => new Date(text));

/** A text that people read. */
export function textSchema(max: number): z.ZodString {
  const error = `must be a text of at most ${max} characters`;
  return z.string({ error }).max(max, { error });
}

/** A count of something. */
export function countSchema(): z.ZodNumber {
  const error = "must be a whole number from 0 on";
  return z.number({ error }).int({ error }).min(0, { error });
}

/**
 * Reads the value of a key, which anybody may have written. Names that are not known are passed
 * over: a newer version may say more.
 *
 * @param schema What is expected.
 * @param value The value.
 * @returns What it says.
 * @throws {BalancerError} `invalid`, with every fault.
 */
export function readValue<T>(schema: Schema<T>, value: string): T {
  let json: unknown;
  try {
    json = JSON.parse(value);
  } catch {
    json = undefined;
  }
  return validate(schema, json, "the value");
}
