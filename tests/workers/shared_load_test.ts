import { assert, assertEquals } from "@std/assert";
import { LoadBalancer } from "../../mod.ts";
import { activeRequests } from "../testing/balancer.ts";
import { HoldingServers } from "../testing/holding_servers.ts";
import { SampleServer } from "../testing/sample_server.ts";

/** Requests on a connection each, so that they come to all workers. */
function fetchMany(url: string, count: number): Promise<Response>[] {
  return Array.from({ length: count }, () => fetch(url, { headers: { connection: "close" } }));
}

/** A balancer with two workers over these servers, and where it listens. */
async function serveWithWorkers(
  servers: readonly { url: string; weight?: number }[],
): Promise<{ balancer: LoadBalancer; url: string }> {
  const balancer = new LoadBalancer({
    servers: servers.map(({ url, weight = 1 }) => ({ url, weight, healthCheckPeriod: 0 })),
    workers: 2,
  });
  const { addr } = await balancer.listen({ hostname: "127.0.0.1", port: 0 });
  return { balancer, url: `http://127.0.0.1:${addr.port}` };
}

Deno.test("two workers share one picture of the load: held requests follow the weights", async () => {
  await using servers = new HoldingServers(3);
  const weights = [3, 2, 1];
  const { balancer, url } = await serveWithWorkers(
    servers.urls.map((url, i) => ({ url, weight: weights[i]! })),
  );
  await using _ = balancer;
  const responses = fetchMany(url, 200);
  await servers.holding(200);
  for (const [i, { active }] of balancer.servers().entries()) {
    const share = 200 * weights[i]! / 6;
    // 2 % of all requests.
    assert(Math.abs(active - share) <= 4, `${active} of 200 for weight ${weights[i]}`);
  }
  servers.release();
  for (const response of await Promise.all(responses)) assertEquals(await response.text(), "held");
  assertEquals(activeRequests(balancer), 0);
});

Deno.test("a server takes requests from every worker once it was added, and none once removed", async () => {
  await using kept = new SampleServer("kept");
  await using changed = new SampleServer("changed");
  const { balancer, url } = await serveWithWorkers([kept]);
  await using _ = balancer;
  async function names(): Promise<string[]> {
    const responses = await Promise.all(fetchMany(url, 100));
    return await Promise.all(responses.map((response) => response.text()));
  }
  for (let round = 0; round < 3; round++) {
    balancer.add({ url: changed.url, weight: 1000, healthCheckPeriod: 0 });
    await balancer.settled();
    assert((await names()).filter((name) => name === "changed").length > 50);
    balancer.remove(changed.url);
    await balancer.settled();
    assertEquals(new Set(await names()), new Set(["kept"]));
  }
});

Deno.test("a change of weight and a drain hold for every worker at once", async () => {
  await using one = new SampleServer("one");
  await using two = new SampleServer("two");
  const { balancer, url } = await serveWithWorkers([one, two]);
  await using _ = balancer;
  balancer.update(two.url, { weight: 0 });
  for (const response of await Promise.all(fetchMany(url, 50))) await response.text();
  assertEquals([one.hits, two.hits], [50, 0]);
});

Deno.test("LoadBalancer.close() lets the workers finish what is under way", async () => {
  await using servers = new HoldingServers(1);
  const { balancer, url } = await serveWithWorkers([{ url: servers.urls[0]! }]);
  const responses = fetchMany(url, 10);
  await servers.holding(10);
  const closed = balancer.close();
  servers.release();
  for (const response of await Promise.all(responses)) assertEquals(await response.text(), "held");
  await closed;
});

Deno.test("LoadBalancer.close() ends the workers when its signal says so", async () => {
  await using servers = new HoldingServers(1);
  const { balancer, url } = await serveWithWorkers([{ url: servers.urls[0]! }]);
  const responses = fetchMany(url, 10);
  await servers.holding(10);
  await balancer.close(AbortSignal.abort());
  for (const { status } of await Promise.allSettled(responses)) assertEquals(status, "rejected");
});
