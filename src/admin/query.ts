import { z } from "zod";
import { trueOrFalse } from "../config/fields.ts";
import { drainSchema } from "../config/settings_schema.ts";
import { type Schema, validate } from "../config/validate.ts";
import { Problem } from "./problem.ts";

const dryRun = trueOrFalse()
  .describe("true answers what would change, and changes nothing. Default: false");

/** Query of operations without parameters. */
export const NO_QUERY = z.strictObject({});

/** Query of changes. */
export const CHANGE_QUERY = z.strictObject({ dry_run: dryRun.optional() });

/** Query of deletions. */
export const REMOVAL_QUERY = z.strictObject({
  dry_run: dryRun.optional(),
  drain: drainSchema
    .describe("Seconds that active requests may take to finish. Default: no limit").optional(),
});

/** Refusal of requests whose query has to be empty. */
export const NO_QUERY_PROBLEM = { 400: "The query has a parameter, but none are allowed" } as const;

/**
 * Reads the query of a request.
 *
 * @param url The request's URL.
 * @param schema The known parameters.
 * @returns The parameters; numbers and booleans are parsed.
 * @throws {Problem} 400 for a parameter that is given twice.
 * @throws {BalancerError} `invalid`, with every parameter that is unknown or wrong.
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
