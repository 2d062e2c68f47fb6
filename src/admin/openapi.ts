import { z } from "zod";
import { VERSION } from "../model/version.ts";
import { OPEN_PATH } from "./guard.ts";
import type { Content, Operation, Routes } from "./operation.ts";
import { PROBLEM } from "./problem.ts";
import { NO_QUERY, NO_QUERY_PROBLEM } from "./query.ts";

const PROBLEM_TYPE = "application/problem+json";

/** Descriptions of the names in braces in paths. */
const PATH_PARAMETERS: Readonly<Record<string, string>> = {
  server: "The server's URL in any spelling, percent-encoded, or its name if that is unique",
};

/** Part of the document. */
type Json = Record<string, unknown>;

/** Adds the route `/openapi.json`, which describes these routes and itself. */
export function withOpenApi(routes: Routes): Routes {
  const all: Routes = {
    ...routes,
    "/openapi.json": {
      GET: {
        handler: () => openApi(all),
        summary: "Describe this API",
        query: NO_QUERY,
        answers: {
          200: {
            description: "An OpenAPI 3.1 document",
            content: { "application/json": z.looseObject({ openapi: z.string() }) },
          },
        },
        problems: NO_QUERY_PROBLEM,
      },
    },
  };
  return all;
}

/** Makes the OpenAPI 3.1 document of an API. */
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
      description: "Shows and controls a running load balancer. A refused request changes nothing.",
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
          description: "Needed if the balancer was started with a token",
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
    description: "The caller is not allowed, or Ballast failed (RFC 9457)",
    content: refusal,
  };
  const parameters = parametersOf(operation, schemas);
  return {
    summary,
    ...(description === undefined ? {} : { description }),
    ...(path === OPEN_PATH ? { security: [{}] } : {}),
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

/** Converts Zod schemas to JSON Schemas, and collects those with an id as components. */
class SchemaCollector {
  readonly #components: Record<string, unknown> = {};

  /** Converts a schema; the result refers to the components. */
  add(schema: z.ZodType): Json {
    // Only as a property does a schema with an id become a reference.
    const { properties = {}, $defs = {} } = z.toJSONSchema(z.object({ schema }), { io: "input" });
    Object.assign(this.#components, withComponents($defs));
    return withComponents(properties["schema"]) as Json;
  }

  /** The components, sorted by name. */
  components(): Json {
    const entries = Object.entries(this.#components);
    return Object.fromEntries(entries.sort(([one], [other]) => one < other ? -1 : 1));
  }
}

function withComponents(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'));
}
