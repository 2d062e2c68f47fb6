import { z } from "zod";
import type { Config } from "../config/config.ts";
import { writeConfig } from "../config/write_config.ts";
import type { Routes } from "./operation.ts";
import { NO_QUERY, NO_QUERY_PROBLEM } from "./query.ts";
import type { AdminTarget } from "./target.ts";

/** Media type of YAML (RFC 9512). */
const YAML = "application/yaml";

/**
 * `/config`.
 *
 * @param settings Settings of the program that the balancer does not know.
 */
export function configRoutes(settings: Partial<Config>): Routes {
  return {
    "/config": {
      GET: {
        handler: (target) => answer(target, settings),
        summary: "Export the running configuration, for listen --config",
        description:
          "The settings that the balancer was started with, and its current servers. It has the " +
          "paths of files with secrets, but no secrets.",
        query: NO_QUERY,
        answers: {
          200: { description: "The configuration", content: { [YAML]: z.string() } },
        },
        problems: NO_QUERY_PROBLEM,
      },
    },
  };
}

function answer({ balancer }: AdminTarget, settings: Partial<Config>): Response {
  const { servers, healthCheck, ...own } = balancer.config();
  const config = { ...own, ...settings, servers, healthCheck };
  const comment = `# The settings that Ballast was started with, and its servers as of
# ${new Date().toISOString()}. Secrets and settings that only code can set are left out.
`;
  return new Response(comment + writeConfig(config), {
    headers: { "content-type": YAML, "cache-control": "no-store" },
  });
}
