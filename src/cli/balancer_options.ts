import type { LoadBalancerOptions } from "../balancer/options.ts";
import type { Config } from "../config/config.ts";

/** The settings of a configuration file that the balancer takes as they are. */
const TAKEN = [
  "healthCheck",
  "policy",
  "timeouts",
  "retries",
  "ejection",
  "limits",
  "slowStart",
  "trustedProxies",
  "metrics",
  "dns",
] as const satisfies readonly (keyof Config & keyof LoadBalancerOptions)[];

/**
 * The options of a balancer that does what a configuration file says.
 *
 * @param config What the file says.
 */
export function balancerOptions(config: Config): LoadBalancerOptions {
  const options: Record<string, unknown> = { servers: config.servers };
  for (const name of TAKEN) if (config[name] !== undefined) options[name] = config[name];
  return options;
}
