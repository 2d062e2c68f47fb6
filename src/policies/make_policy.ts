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

/** What a policy is made for. */
export interface PolicyOptions {
  /** Where the server in a slot is found. */
  readonly servers: SlotDirectory;
  /** Whether clients stay at the server that their session is at. */
  readonly keepSessions: boolean;
  /** Gives numbers from 0 up to 1 for policies that draw. Default: `Math.random`. */
  readonly random?: () => number;
}

/**
 * Makes the rule for choosing a server.
 *
 * @param policy Its name, or a caller's own.
 * @param options What it is made for.
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
  logRejection("attach the policy", policy.attach?.(servers));
  return new GuardedPolicy(policy);
}
