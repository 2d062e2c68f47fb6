import type { PolicyName, ServerInit } from "../../mod.ts";
import type { Config } from "../../src/config/config.ts";
import { readWorkload } from "../../src/simulate/workload_schema.ts";
import type { PolicyResultJson } from "../../src/simulate/result.ts";
import { simulate } from "../../src/simulate/simulate.ts";

/** Servers with these differences. */
export function servers(...inits: Partial<ServerInit>[]): ServerInit[] {
  return inits.map((init, i) => ({ url: `http://server-${i + 1}`, name: `s${i + 1}`, ...init }));
}

/** Identical servers. */
export function alike(count: number, init: Partial<ServerInit> = {}): ServerInit[] {
  return servers(...Array.from({ length: count }, () => init));
}

/**
 * Simulates one policy.
 *
 * @param config The servers, or a whole configuration.
 * @param workload The workload, in the format of its file.
 * @param policy The policy. Default: least_connections.
 */
export async function run(
  config: readonly ServerInit[] | Config,
  workload: Readonly<Record<string, unknown>>,
  policy: PolicyName = "least_connections",
): Promise<PolicyResultJson> {
  const whole = "servers" in config ? config : { servers: config, healthCheck: {} };
  const parts = { config: whole, workload: readWorkload(workload, "the workload") };
  return (await simulate(parts, [policy])).policies[0]!;
}
