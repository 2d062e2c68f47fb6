import { z } from "zod";
import { PROBLEM } from "./answer_schemas.ts";
import type { Content, Operation } from "./operation.ts";
import type { Routes } from "./router.ts";
import { VERSION } from "../model/version.ts";

const PROBLEM_TYPE = "application/problem+json";

/** What stands for a name in braces in the paths. */
const PATH_PARAMETERS: Readonly<Record<string, string>> = {
  server: "The server's URL in any spelling, percent-encoded, or its name if no other one has it",
};

/** A part of the document. */
type Json = Record<string, unknown>;

/**
 * Describes an API by OpenAPI 3.1.
 *
 * @param routes All that it does.
 * @returns The document.
 */
export function openApi(routes: Routes): Json {
  const schemas = new SchemaCollector();
  const paths: Record<string, Json> = {};
  for (const [path, methods] of Object.entries(routes)) {
    const operations = Object.entries(methods).map(([method, operation]) => [
      method.toLowerCase(),
      describe(operation, path, schemas),
    ]);
    paths[path] = { ...pathParameters(path), ...Object.fromEntries(operations) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Ballast's admin API",
      version: VERSION,
      description: "Sees and steers a running load balancer. After a refusal, nothing has changed.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    security: [{}, { token: [] }],
    paths,
    components: {
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description: "Where the balancer was started with a token",
        },
      },
      schemas: schemas.components(),
    },
  };
}

function pathParameters(path: string): Json {
  const names = [...path.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name!);
  if (names.length === 0) return {};
  return {
    parameters: names.map((name) => ({
      name,
      in: "path",
      required: true,
      description: PATH_PARAMETERS[name],
      schema: { type: "string", minLength: 1 },
    })),
  };
}

function describe(operation: Operation, path: string, schemas: SchemaCollector): Json {
  const { summary, description, body, answers, problems = {} } = operation;
  const responses: Record<string, Json> = {};
  for (const [status, answer] of Object.entries(answers)) {
    responses[status] = {
      description: answer.description,
      ...(answer.headers === undefined ? {} : { headers: responseHeaders(answer.headers) }),
      ...(answer.content === undefined ? {} : { content: contentOf(answer.content, schemas) }),
    };
  }
  const refusal = contentOf({ [PROBLEM_TYPE]: PROBLEM }, schemas);
  for (const [status, why] of Object.entries(problems)) {
    responses[status] = { description: why, content: refusal };
  }
  responses["default"] = {
    description: "Who asks may not, or Ballast failed (RFC 9457)",
    content: refusal,
  };
  const parameters = parametersOf(operation, schemas);
  return {
    summary,
    ...(description === undefined ? {} : { description }),
    // What needs no token, see guard.ts.
    ...(path === "/healthz" ? { security: [{}] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: contentOf(body, schemas) } }),
    responses,
  };
}

function parametersOf({ query, headers = {} }: Operation, schemas: SchemaCollector): Json[] {
  const inQuery = Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: "query",
    schema: schemas.add(schema as z.ZodType),
  }));
  const inHeaders = Object.entries(headers).map(([name, description]) => ({
    name,
    in: "header",
    description,
    schema: { type: "string" },
  }));
  return [...inQuery, ...inHeaders];
}

function responseHeaders(headers: Readonly<Record<string, string>>): Json {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [
      name,
      { description, schema: { type: "string" } },
    ]),
  );
}

function contentOf(content: Content, schemas: SchemaCollector): Json {
  return Object.fromEntries(
    Object.entries(content).map(([type, schema]) => [type, { schema: schemas.add(schema) }]),
  );
}

/** Makes JSON Schemas of Zod's, with those that have a name under `components`. */
class SchemaCollector {
  readonly #components: Record<string, unknown> = {};

  /** The JSON Schema, which refers to the components. */
  add(schema: z.ZodType): Json {
    // As a property it is a reference if it has a name, as any other schema in it.
    const { properties = {}, $defs = {} } = z.toJSONSchema(z.object({ schema }), { io: "input" });
    Object.assign(this.#components, withComponents($defs));
    return withComponents(properties["schema"]) as Json;
  }

  /** All that have a name, in the order of their names. */
  components(): Json {
    const entries = Object.entries(this.#components);
    return Object.fromEntries(entries.sort(([one], [other]) => one < other ? -1 : 1));
  }
}

function withComponents(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'));
}
