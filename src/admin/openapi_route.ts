import { z } from "zod";
import { openApi } from "./openapi.ts";
import { NO_QUERY, readQuery } from "./query.ts";
import type { Routes } from "./router.ts";

/**
 * These routes, and one that describes them all.
 *
 * @param routes What the API does beside it.
 */
export function withOpenApi(routes: Routes): Routes {
  const all: Routes = {
    ...routes,
    "/openapi.json": {
      GET: {
        handler: (_, { url }) => {
          readQuery(url, NO_QUERY);
          return openApi(all);
        },
        summary: "Describe this API",
        query: NO_QUERY,
        answers: {
          200: {
            description: "An OpenAPI 3.1 document",
            content: { "application/json": z.looseObject({ openapi: z.string() }) },
          },
        },
        problems: { 400: "The query has a parameter, and there is none" },
      },
    },
  };
  return all;
}
