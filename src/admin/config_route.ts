import { z } from "zod";
import type { Config } from "../config/config.ts";
import { writeConfig } from "../config/write_config.ts";
import type { AdminCall } from "./operation.ts";
import { NO_QUERY, readQuery } from "./query.ts";
import type { Routes } from "./router.ts";
import type { AdminTarget } from "./target.ts";

/** The media type of YAML (RFC 9512). */
const YAML = "application/yaml";

/**
 * What tells the configuration as it is now.
 *
 * @param settings What the program was started with that the balancer does not know of.
 */
export function configRoutes(settings: Partial<Config>): Routes {
  return {
    "/config": {
      GET: {
        handler: (target, call) => answer(target, settings, call),
        summary: "Write the configuration as it is now, for listen --config",
        description:
          "The settings that the balancer was started with and the servers that it has " +
          "now. No secrets, only the paths of their files.",
        query: NO_QUERY,
        answers: {
          200: { description: "The configuration", content: { [YAML]: z.string() } },
        },
        problems: { 400: "The query has a parameter, and there is none" },
      },
    },
  };
}

function answer(target: AdminTarget, settings: Partial<Config>, { url }: AdminCall): Response {
  readQuery(url, NO_QUERY);
  const { servers, healthCheck, ...own } = target.balancer.config();
  const config = { ...own, ...settings, servers, healthCheck };
  const comment = `# The settings that Ballast was started with, and its servers as they were at
# ${new Date().toISOString()}. Not in it are secrets, and what only a program can set.
`;
  return new Response(comment + writeConfig(config), {
    headers: { "content-type": YAML, "cache-control": "no-store" },
  });
}
