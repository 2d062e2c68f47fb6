import { z } from "zod";
import { configSchema } from "./schema.ts";

/**
 * The JSON Schema of the configuration file, by which an editor completes and checks it. It comes
 * from the schema that validates, so the two cannot disagree; what JSON Schema cannot express, such
 * as unique URLs, only the program checks.
 *
 * @returns The text of `schema/config.schema.json`.
 *
 * @example
 * ```ts
 * import { configJsonSchema } from "./json_schema.ts";
 *
 * const schema = JSON.parse(configJsonSchema());
 * console.assert(schema.title === "Ballast configuration");
 * ```
 */
export function configJsonSchema(): string {
  const { $schema, ...rest } = z.toJSONSchema(configSchema, { io: "input" });
  const schema = {
    $schema,
    $id: "https://jsr.io/@ballast/lb/schema/config.schema.json",
    title: "Ballast configuration",
    description: "A list of servers, or a mapping with servers and settings",
    ...rest,
  };
  return JSON.stringify(schema, null, 2) + "\n";
}
