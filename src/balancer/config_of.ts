import type { Config } from "../config/config.ts";
import type { LoadBalancerOptions } from "./options.ts";

/** The options that a configuration file has under the same name and with the same value. */
const SAME = [
  "workers",
  "timeouts",
  "retries",
  "ejection",
  "limits",
  "slowStart",
  "trustedProxies",
  "metrics",
  "decisions",
  "dns",
] as const satisfies readonly (keyof Config & keyof LoadBalancerOptions)[];

/**
 * What a configuration file has to say so that it makes a balancer of these options, without their
 * servers. What a file cannot say is left out: a policy that is an object, certificates that were
 * given as text, and the secret of sticky sessions.
 *
 * @param options The options, which were checked.
 */
export function configOf(options: LoadBalancerOptions): Config {
  const { healthCheck = {}, policy, sticky, upstreamTls } = options;
  const config: Record<string, unknown> = {};
  for (const name of SAME) if (options[name] !== undefined) config[name] = options[name];
  if (typeof policy === "string") config["policy"] = policy;
  if (sticky !== undefined) config["sticky"] = "cookie";
  if (options.accessLog !== undefined) config["accessLog"] = options.accessLog.format;
  if (upstreamTls?.serverName !== undefined) {
    config["upstreamTls"] = { serverName: upstreamTls.serverName };
  }
  // The caller may go on to change what it gave.
  return { ...structuredClone(config), servers: [], healthCheck: { ...healthCheck } };
}
