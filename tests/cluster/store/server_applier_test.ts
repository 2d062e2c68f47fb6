import { assertEquals } from "@std/assert";
import { type BalancerEvent, LoadBalancer } from "../../../mod.ts";
import { completeServer } from "../../../src/model/server.ts";
import { ServerApplier } from "../../../src/cluster/store/server_applier.ts";

const [A, B] = ["http://127.0.0.1:3001", "http://127.0.0.1:3002"].map((url) =>
  completeServer({ url, healthCheckPeriod: 0 })
) as [ReturnType<typeof completeServer>, ReturnType<typeof completeServer>];

function eventsOf(balancer: LoadBalancer): string[] {
  return balancer.events.last(100).map(({ type, server }: BalancerEvent) =>
    `${type} ${server.url}`
  );
}

Deno.test("ServerApplier.put() adds, updates, and leaves unchanged servers alone", async () => {
  await using balancer = new LoadBalancer();
  const applier = new ServerApplier(balancer);
  assertEquals(applier.put(A), true);
  assertEquals(applier.put(A), false);
  assertEquals(applier.put({ ...A, weight: 3 }), false);
  assertEquals(balancer.servers().map(({ weight }) => weight), [3]);
  assertEquals(eventsOf(balancer), [`added ${A.url}`, `updated ${A.url}`]);
  applier.remove(A.url, undefined);
  applier.remove(A.url, undefined);
  assertEquals(eventsOf(balancer).slice(2), [`removed ${A.url}`]);
});

Deno.test("ServerApplier.urls includes the balancer's initial servers", async () => {
  await using balancer = new LoadBalancer({ servers: [A] });
  const applier = new ServerApplier(balancer);
  assertEquals(applier.urls, [A.url]);
  applier.put(A);
  assertEquals(eventsOf(balancer), []);
});

Deno.test("ServerApplier overrides direct changes of the balancer", async () => {
  await using balancer = new LoadBalancer();
  const applier = new ServerApplier(balancer);
  balancer.add({ ...A, weight: 9 });
  applier.put(A);
  applier.put(B);
  balancer.remove(B.url);
  applier.put({ ...B, weight: 2 });
  balancer.remove(A.url);
  applier.remove(A.url, 5);
  assertEquals(balancer.servers().map(({ url, weight }) => [url, weight]), [[B.url, 2]]);
  assertEquals(applier.refusals(), []);
});

Deno.test({
  name: "ServerApplier.put() does without a server that may not be connected to",
  permissions: { net: ["127.0.0.1:3001"] },
  fn() {
    const balancer = new LoadBalancer();
    const applier = new ServerApplier(balancer);
    assertEquals([applier.put(B), applier.put(A)], [false, true]);
    assertEquals(balancer.servers().map(({ url }) => url), [A.url]);
    assertEquals(applier.refusals().map(([url]) => url), [B.url]);
    assertEquals(applier.refusal(B.url)?.includes("--allow-net"), true);
    applier.remove(B.url, undefined);
    assertEquals([applier.refusals(), eventsOf(balancer)], [[], [`added ${A.url}`]]);
    return balancer.close();
  },
});
