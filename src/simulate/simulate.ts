import type { PolicyName } from "../model/settings.ts";
import { makePlan, type PlanParts } from "./plan.ts";
import { policyResult, type PolicyResultJson, type SimulationJson } from "./result.ts";
import { Simulation } from "./simulation.ts";

export { parseYaml } from "../config/yaml.ts";
export { readWorkload } from "./workload_schema.ts";
export { readAccessLog } from "./recorded_requests.ts";

/**
 * Simulates balancers, servers and a workload, once for each policy. The result depends on the input
 * alone, not on the machine.
 *
 * @param parts The configuration, the workload, and the recorded requests, if any.
 * @param policies The policies to compare; all get the same requests.
 * @throws {BalancerError} `invalid`, if the parts do not match.
 */
export async function simulate(
  parts: PlanParts,
  policies: readonly PolicyName[],
): Promise<SimulationJson> {
  const plan = makePlan(parts);
  const results: PolicyResultJson[] = [];
  let seconds = 0;
  for (const policy of policies) {
    const simulation = new Simulation(plan, policy);
    await simulation.run();
    results.push(policyResult(policy, plan, simulation));
    seconds = Number((simulation.measurements.counted.length / 1000).toPrecision(6));
  }
  const { seed, balancers } = plan.workload;
  return { seed, balancers, rate: plan.rate ?? null, seconds, policies: results };
}
