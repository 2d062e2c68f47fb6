import { z } from "zod";

// Each field says what is allowed in one phrase. That phrase is the error, whichever rule of the
// field was broken, so that a message always tells what to write instead.

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
