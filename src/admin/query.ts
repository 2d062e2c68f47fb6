import { z } from "zod";
import { trueOrFalse } from "../config/fields.ts";
import { drainSchema } from "../config/settings_schema.ts";
import { type Schema, validate } from "../config/validate.ts";
import { Problem } from "./problem.ts";

const dryRun = trueOrFalse().describe(
  "true answers what would change, and changes nothing. Default: false",
);

/** The query of what takes no parameters. */
export const NO_QUERY = z.strictObject({});

/** The query of every change. */
export const CHANGE_QUERY = z.strictObject({ dry_run: dryRun.optional() });

/** The query of a deletion. */
export const REMOVAL_QUERY = z.strictObject({
  dry_run: dryRun.optional(),
  drain: drainSchema.describe(
    "Seconds that what the server works on may take. Default: without a limit",
  ).optional(),
});

/**
 * Reads the query of a request.
 *
 * @param url The request's URL.
 * @param schema The parameters that are known.
 * @returns The parameters: what looks like a number or a truth value is one.
 * @throws {Problem} 400 for a parameter that is given twice.
 * @throws {BalancerError} `invalid`, with every parameter that is not known or wrong.
 */
export function readQuery<T>(url: URL, schema: Schema<T>): T {
  const values: Record<string, unknown> = Object.create(null);
  for (const [name, text] of url.searchParams) {
    if (name in values) {
      const detail = "must not be given twice";
      throw new Problem(400, `The query's parameter ${name.slice(0, 100)} ${detail}`, {
        faults: [{ field: name === "" ? '""' : name, detail }],
      });
    }
    values[name] = valueOf(text);
  }
  return validate(schema, values, "the query");
}

function valueOf(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  return /^(?:0|[1-9][0-9]{0,15})(?:\.[0-9]{1,15})?$/.test(text) ? Number(text) : text;
}
