import { assert } from "@std/assert";
import { BalancerError, type Config, LoadBalancer, parseConfig } from "../../../mod.ts";

/**
 * Reads a configuration. Where it is refused, it has to be so with faults; where it is accepted, a
 * balancer has to take what it says.
 *
 * @returns Whether it was accepted.
 */
export async function readConfigText(text: string): Promise<boolean> {
  let config: Config;
  try {
    config = parseConfig(text);
  } catch (error) {
    assert(error instanceof BalancerError, `${error} is no BalancerError`);
    assert(error.code === "invalid" && error.faults.length > 0, `${error.code}`);
    // It is printed to a terminal.
    // deno-lint-ignore no-control-regex
    assert(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(error.message), error.message);
    return false;
  }
  const { servers, healthCheck, policy, trustedProxies, timeouts, retries, ejection } = config;
  const { slowStart, limits } = config;
  await using balancer = new LoadBalancer({
    servers,
    healthCheck,
    ...(policy === undefined ? {} : { policy }),
    ...(trustedProxies === undefined ? {} : { trustedProxies }),
    ...(timeouts === undefined ? {} : { timeouts }),
    ...(retries === undefined ? {} : { retries }),
    ...(ejection === undefined ? {} : { ejection }),
    ...(slowStart === undefined ? {} : { slowStart }),
    ...(limits === undefined ? {} : { limits }),
  });
  assert(balancer.servers().length === servers.length);
  return true;
}
