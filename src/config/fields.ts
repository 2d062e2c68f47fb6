import { z } from "zod";
import { unwrap } from "./names.ts";

// Each field describes its values in one phrase. That phrase is the error, whichever rule of the field
// is broken, so that a message always says what to write instead.

/** A day, the longest time that can be configured, in seconds. */
export const DAY = 86_400;

/** A whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number): z.ZodNumber {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

/** Text that matches a pattern; `error` says what is allowed. */
export function text(pattern: RegExp, error: string): z.ZodString {
  return z.string({ error }).regex(pattern, { error });
}

/** A number of seconds, fractions allowed. */
export function seconds(min: number, max: number): z.ZodNumber {
  const error = `must be a number of seconds from ${min} to ${max}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
}

/** The path of a file, as the operating system takes it. */
export function filePath(): z.ZodString {
  // deno-lint-ignore no-control-regex
  return text(/^[^\u0000]{1,4096}$/, "must be the path of a file");
}

/** A switch. */
export function trueOrFalse(): z.ZodBoolean {
  return z.boolean({ error: "must be true or false" });
}

/**
 * The range of a field that is a number.
 *
 * @throws {TypeError} If the field is something else.
 */
export function rangeOf(field: z.ZodType): readonly [min: number, max: number] {
  const type = unwrap(field);
  if (!(type instanceof z.ZodNumber)) throw new TypeError("Cannot find the range: not a number");
  return [type.minValue ?? -Infinity, type.maxValue ?? Infinity];
}
