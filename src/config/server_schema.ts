import { z } from "zod";
import { discoverFault } from "../model/discovery.ts";
import {
  canonicalServerUrl,
  type Server,
  SERVER_FIELDS,
  type ServerField,
  type ServerFieldName,
} from "../model/server.ts";
import { text, trueOrFalse, wholeNumber } from "./fields.ts";
import { snakeCase, type SnakeKeys } from "./names.ts";
import { drainSchema } from "./settings_schema.ts";

/** Types of all fields but the URL, by their names in the file. */
type FieldValues = SnakeKeys<Pick<Server, ServerFieldName>>;

/** Schema of a field: one without a default may be absent. */
type FieldSchema<Value> = undefined extends Value
  ? z.ZodExactOptional<z.ZodType<Exclude<Value, undefined>>>
  : z.ZodType<Value>;

/** Schemas of all fields but the URL in a complete server, by their names in the file. */
export const completeFields = mapFields((field) => {
  const schema = typeSchema(field).describe(field.doc);
  return field.default === undefined ? z.exactOptional(schema) : schema;
}) as { readonly [Key in keyof FieldValues]-?: FieldSchema<FieldValues[Key]> };

/** The same where each may be left out, and has its default then. */
export const optionalFields = mapFields((field) =>
  typeSchema(field)
    .describe(`${field.doc}. Default: ${field.defaultText ?? field.default}`)
    .optional()
) as {
  readonly [Key in keyof FieldValues]-?: z.ZodOptional<
    z.ZodType<Exclude<FieldValues[Key], undefined>, Exclude<FieldValues[Key], undefined>>
  >;
};

/** The URL of a server. */
export const serverUrlSchema = z.string({ error: "must be a URL such as http://127.0.0.1:3001" })
  .superRefine((value, context) => {
    const fault = urlFault(value);
    if (fault === undefined) return;
    const message = `${fault}; it must be a URL such as http://127.0.0.1:3001`;
    context.addIssue({ code: "custom", message });
  })
  .describe("The server's unique URL: an http or https origin, optionally with a base path");

/** A server, as the configuration file, the API and the library's callers write it. */
export const serverSchema = z.strictObject({ url: serverUrlSchema, ...optionalFields }, {
  error: "must be a server with at least a url",
}).superRefine((server, context) => {
  if (server.discover === undefined) return;
  const fault = discoverFault(server.url, server.discover);
  if (fault !== undefined) context.addIssue({ code: "custom", path: ["url"], message: fault });
});

/** Which server to delete, and how long its requests may take. */
export const removalSchema = z.strictObject(
  { url: serverUrlSchema, drain: drainSchema.optional() },
  {
    error: "must be the URL of a server",
  },
);

/** A list of servers, also the short form of the configuration file. */
export const serverListSchema = z.array(serverSchema, { error: "must be a list of servers" })
  .superRefine((list, context) => {
    const first = new Map<string, number>();
    for (const [index, server] of list.entries()) {
      // The schema of the server has reported an invalid URL.
      if (typeof server?.url !== "string" || urlFault(server.url) !== undefined) continue;
      const key = canonicalServerUrl(server.url);
      const other = first.get(key);
      if (other === undefined) first.set(key, index);
      else {
        context.addIssue({
          code: "custom",
          path: [index, "url"],
          message: `is a duplicate: servers[${other}] has the same URL`,
        });
      }
    }
    // Runs even if a server has faults, so that all are reported at once.
  }, { when: ({ value }) => Array.isArray(value) })
  .describe("The servers that receive the requests");

function mapFields(toSchema: (field: ServerField) => z.ZodType): Record<string, z.ZodType> {
  return Object.fromEntries(
    Object.entries(SERVER_FIELDS).map(([name, field]) => [snakeCase(name), toSchema(field)]),
  );
}

function typeSchema(field: ServerField): z.ZodType {
  switch (field.kind) {
    case "text":
      return text(
        new RegExp(`^[^\\u0000-\\u001f\\u007f-\\u009f]{${field.min},${field.max}}$`),
        `must be text of ${field.min} to ${field.max} characters without control characters`,
      );
    case "number":
      return wholeNumber(field.min, field.max);
    case "switch":
      return trueOrFalse();
    case "choice":
      return z.enum(field.choices, { error: `must be ${field.choices.join(" or ")}` });
  }
}

/** The fault in a server URL; undefined if it is valid. */
function urlFault(value: string): string | undefined {
  try {
    canonicalServerUrl(value);
    return undefined;
  } catch (error) {
    return (error as TypeError).message;
  }
}
