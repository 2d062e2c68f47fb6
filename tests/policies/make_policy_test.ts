import { assertEquals, assertInstanceOf } from "@std/assert";
import type { Policy } from "../../src/state/policy.ts";
import { Registry } from "../../src/state/registry.ts";
import type { PolicyName } from "../../src/model/settings.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { ClientHash } from "../../src/policies/client_hash.ts";
import { GuardedPolicy } from "../../src/policies/guarded_policy.ts";
import { StickyPolicy } from "../../src/policies/sticky_policy.ts";
import { LeastConnections } from "../../src/policies/least_connections.ts";
import { makePolicy } from "../../src/policies/make_policy.ts";
import { RandomTwoChoices } from "../../src/policies/random_two_choices.ts";
import { RoundRobin } from "../../src/policies/round_robin.ts";

const servers = new Registry(new StateTable(1));

Deno.test("makePolicy() makes the policy of each name", () => {
  const classes: Record<PolicyName, new (servers: Registry) => Policy> = {
    least_connections: LeastConnections,
    round_robin: RoundRobin,
    random_two_choices: RandomTwoChoices as new () => Policy,
    client_hash: ClientHash,
  };
  for (const [name, Class] of Object.entries(classes)) {
    assertInstanceOf(makePolicy(name as PolicyName, { servers, keepSessions: false }), Class);
  }
});

Deno.test("makePolicy() adds session affinity to built-in and custom policies", () => {
  const attached: unknown[] = [];
  const { server, slot } = servers.add({ url: "http://a" });
  const policy: Policy = { attach: (serverIn) => attached.push(serverIn(slot)), pick: () => 0 };
  assertInstanceOf(makePolicy(policy, { servers, keepSessions: true }), StickyPolicy);
  assertInstanceOf(makePolicy(policy, { servers, keepSessions: false }), GuardedPolicy);
  assertEquals(attached, [server, server]);
});
