import { z } from "zod";
import { configSchema } from "./schema.ts";

/**
 * The JSON Schema of the configuration file, with which editors complete and check it. It is made from
 * the schema that validates, so the two cannot disagree; what JSON Schema cannot express, such as
 * unique URLs, only the program checks.
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
  const { $schema, ...rest } = z.toJSONSchema(configSchema, {
    io: "input",
    override: ({ jsonSchema }) => describeDefault(jsonSchema),
  });
  const schema = {
    $schema,
    $id: "https://jsr.io/@ballast/lb/schema/config.schema.json",
    title: "Ballast configuration",
    description: "A list of servers, or a mapping with servers and settings",
    ...rest,
  };
  return JSON.stringify(schema, null, 2) + "\n";
}

/** Adds the default of a setting to its description, which editors show. */
function describeDefault(schema: z.core.JSONSchema.BaseSchema): void {
  const { default: value, description } = schema;
  if (value === undefined || description === undefined) return;
  // The default of a mapping is that of each of its settings.
  if (schema.type === "object") delete schema.default;
  else schema.description = `${description}. Default: ${String(value) || "none"}`;
}
