import { logRejection } from "../model/guarded_call.ts";
import type { Policy } from "../state/policy.ts";
import type { SlotDirectory } from "../state/registry.ts";
import type { PolicyName } from "../model/settings.ts";
import { ClientHash } from "./client_hash.ts";
import { GuardedPolicy } from "./guarded_policy.ts";
import { StickyPolicy } from "./sticky_policy.ts";
import { LeastConnections } from "./least_connections.ts";
import { RandomTwoChoices } from "./random_two_choices.ts";
import { RoundRobin } from "./round_robin.ts";

/** Options of {@linkcode makePolicy}. */
export interface PolicyOptions {
  /** The servers by slot. */
  readonly servers: SlotDirectory;
  /** Whether sessions are sticky. */
  readonly keepSessions: boolean;
  /** Random numbers from 0 up to 1. Default: `Math.random`. */
  readonly random?: () => number;
}

/**
 * Makes a policy.
 *
 * @param policy Name of a built-in policy, or a custom one.
 * @param options The options.
 */
export function makePolicy(policy: PolicyName | Policy, options: PolicyOptions): Policy {
  const { servers, keepSessions } = options;
  const made = typeof policy === "string" ? byName(policy, options) : adopt(policy, servers);
  return keepSessions ? new StickyPolicy(made) : made;
}

function byName(name: PolicyName, { servers, random }: PolicyOptions): Policy {
  switch (name) {
    case "least_connections":
      return new LeastConnections();
    case "round_robin":
      return new RoundRobin();
    case "random_two_choices":
      return new RandomTwoChoices(random);
    case "client_hash":
      return new ClientHash(servers);
  }
}

function adopt(policy: Policy, servers: SlotDirectory): Policy {
  logRejection("attach the policy", policy.attach?.((slot) => servers.inSlot(slot)?.server));
  return new GuardedPolicy(policy);
}
