import { z } from "zod";
import { completeFields } from "../config/server_schema.ts";
import type { DiscoveryReport } from "../model/discovery.ts";
import type { Answer, Routes } from "./operation.ts";
import { NO_QUERY, NO_QUERY_PROBLEM } from "./query.ts";
import { serverFields, serverJson } from "./server_json.ts";

/** A source of servers, the addresses behind its name, and its lookups. */
export const DISCOVERY = z.object({
  ...serverFields,
  discover: completeFields.discover.unwrap(),
  addresses: z.array(z.object({
    url: z.string().describe("The URL of the server at this address"),
    source: z.string().describe("The name that has the address"),
    problem: z.string().nullable().describe("Why there is no server for it"),
  })),
  last_lookup: z.iso.datetime().nullable().describe("End of the latest lookup"),
  next_lookup: z.iso.datetime().nullable()
    .describe("Time of the next one; null while one is in progress"),
  error: z.string().nullable().describe("Why the latest lookup failed"),
}).meta({ id: "Discovery" });

/** A source of servers, the addresses behind its name, and its lookups as JSON. */
export type DiscoveryJson = Answer<typeof DISCOVERY>;

/** `/discovery`. */
export const DISCOVERY_ROUTES: Routes = {
  "/discovery": {
    GET: {
      handler: ({ balancer }) => balancer.discovery().map(discoveryJson),
      summary: "List the sources of servers, the addresses behind their names, and their lookups",
      query: NO_QUERY,
      answers: {
        200: {
          description: "The sources",
          content: { "application/json": z.array(DISCOVERY) },
        },
      },
      problems: NO_QUERY_PROBLEM,
    },
  },
};

/** Writes the report of a source as JSON. */
export function discoveryJson(report: DiscoveryReport): DiscoveryJson {
  const { source, servers, lastLookup, nextLookup, error } = report;
  return {
    ...serverJson(source),
    discover: source.discover!,
    addresses: servers.map(({ found, url, problem }) => ({
      url,
      source: found.source,
      problem: problem ?? null,
    })),
    last_lookup: lastLookup?.toISOString() ?? null,
    next_lookup: nextLookup?.toISOString() ?? null,
    error: error ?? null,
  };
}
