import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  BalancerError,
  type CandidateList,
  LoadBalancer,
  type PickContext,
  type Policy,
  type Server,
  type TableView,
} from "../../mod.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { GuardedPolicy } from "../../src/policies/guarded_policy.ts";
import { activeRequests, serveBalancer } from "../testing/balancer.ts";
import { SampleServer } from "../testing/sample_server.ts";

/** Picks the server with a name. */
class ByName implements Policy {
  wanted = "one";
  readonly contexts: PickContext[] = [];
  #serverIn: ((slot: number) => Server | undefined) | undefined;

  attach(serverIn: (slot: number) => Server | undefined): void {
    this.#serverIn = serverIn;
  }

  pick({ slots, length }: CandidateList, _table: TableView, context: PickContext): number {
    this.contexts.push(context);
    for (let i = 0; i < length; i++) {
      if (this.#serverIn!(slots[i]!)?.name === this.wanted) return slots[i]!;
    }
    return -1;
  }
}

Deno.test("GuardedPolicy.pick() accepts candidates only", () => {
  const candidates = { slots: Int32Array.of(1, 3, 5), length: 2 };
  const table = new StateTable(8);
  const context = { clientAddress: undefined };
  function pick(slot: number): number {
    return new GuardedPolicy({ pick: () => slot }).pick(candidates, table, context);
  }
  assertEquals([pick(1), pick(3)], [1, 3]);
  for (const slot of [0, 2, 5, -1, 1.5, NaN]) assertThrows(() => pick(slot), BalancerError);
});

Deno.test("LoadBalancer uses a custom policy, which can identify the servers", async () => {
  await using one = new SampleServer("one");
  await using two = new SampleServer("two");
  const policy = new ByName();
  await using served = await serveBalancer([], {
    servers: [one, two].map(({ name, url }) => ({ name, url, healthCheckPeriod: 0 })),
    policy,
  });
  for (const name of ["two", "one", "two"]) {
    policy.wanted = name;
    assertEquals(await (await fetch(served.url)).text(), name);
  }
  assertEquals(policy.contexts[0], { clientAddress: "127.0.0.1" });
});

Deno.test("LoadBalancer responds 500 and counts nothing if a custom policy fails", async () => {
  await using server = new SampleServer("server");
  const failing: (() => unknown)[] = [
    () => -1,
    () => 1,
    () => NaN,
    () => undefined,
    () => Promise.resolve(0),
    () => {
      throw new Error("no idea");
    },
  ];
  let pick = failing[0]!;
  await using served = await serveBalancer([server.url], {
    policy: { pick: () => pick() as number },
  });
  for (pick of failing) {
    const response = await fetch(served.url);
    assertEquals(response.status, 500);
    await response.body?.cancel();
    assertEquals(activeRequests(served.balancer), 0);
  }
  pick = () => 0;
  assertEquals(await (await fetch(served.url)).text(), "server");
});

Deno.test("LoadBalancer rejects an invalid policy, and a custom one with several workers", () => {
  function faultsOf(options: { policy: unknown; workers?: number }): readonly string[] {
    const make = () => new LoadBalancer(options as { policy: Policy });
    const error = assertThrows(make, BalancerError);
    assertEquals(error.code, "invalid");
    return error.faults.map(({ path, message }) => `${path} ${message}`);
  }
  for (const policy of ["fastest", {}, { pick: 1 }, 3]) {
    assertStringIncludes(faultsOf({ policy })[0]!, "policy must be one of least_connections,");
  }
  assertEquals(faultsOf({ policy: new ByName(), workers: 2 }), [
    "policy cannot be an object with 2 workers, as threads cannot share one; name a policy, or " +
    "set workers to 1",
  ]);
});

Deno.test("LoadBalancer uses the named policy", async () => {
  await using one = new SampleServer("one");
  await using two = new SampleServer("two");
  await using hashed = await serveBalancer([one.url, two.url], { policy: "client_hash" });
  await using turns = await serveBalancer([one.url, two.url], { policy: "round_robin" });
  async function names({ url }: { url: string }): Promise<number> {
    const names = new Set<string>();
    for (let i = 0; i < 8; i++) names.add(await (await fetch(url)).text());
    return names.size;
  }
  // All requests come from one client.
  assertEquals([await names(hashed), await names(turns)], [1, 2]);
});

Deno.test("LoadBalancer rejects a secret that is too short or not a string, without showing it", () => {
  for (const secret of ["fifteen letters", "", undefined, 12345678901234567890]) {
    const make = () => new LoadBalancer({ sticky: { secret: secret as string } });
    const error = assertThrows(make, BalancerError);
    assertEquals(error.faults, [
      { path: "sticky.secret", message: "must be text of at least 16 characters" },
    ]);
    assertEquals(error.message.includes("fifteen"), false);
  }
});
