import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Decision, LoadBalancer } from "../../mod.ts";
import { POLICY_NAMES } from "../../src/model/settings.ts";
import { serveBalancer, untilIdle } from "../testing/balancer.ts";
import { CookieClient } from "../testing/cookie_client.ts";
import { HoldingServers } from "../testing/holding_servers.ts";
import { LogWatcher } from "../testing/log_watcher.ts";
import { SampleServer } from "../testing/sample_server.ts";

/** Sends a GET on a new connection, and waits for the response. */
async function get(url: string): Promise<string> {
  return await (await fetch(url, { headers: { connection: "close" } })).text();
}

function latest(balancer: LoadBalancer): Decision {
  return balancer.decisions.latest(1)[0]!;
}

/** Verdicts of the latest decision by server URL. */
function verdicts(balancer: LoadBalancer): Record<string, string> {
  return Object.fromEntries(latest(balancer).candidates.map(({ url, verdict }) => [url, verdict]));
}

/** Waits for the next decision. */
function nextDecision({ decisions }: LoadBalancer): Promise<Decision> {
  return new Promise((resolve) => {
    const end = decisions.subscribe((decision) => {
      end();
      resolve(decision);
    });
  });
}

Deno.test("LoadBalancer.decisions show a retry as the second attempt of the same request", async () => {
  await using broken = new SampleServer("broken");
  await using fine = new SampleServer("fine");
  await broken.kill();
  await using served = await serveBalancer([broken.url, fine.url], { decisions: 10 });
  assertEquals(await get(`${served.url}/orders?secret=1`), "fine");
  const told = served.balancer.decisions.latest().map(({ attempt, chosen, request }) => [
    attempt,
    chosen,
    `${request.method} ${request.path} ${request.client}`,
  ]);
  assertEquals(told, [
    [1, broken.url, "GET /orders 127.0.0.1"],
    [2, fine.url, "GET /orders 127.0.0.1"],
  ]);
  assertEquals(verdicts(served.balancer), {
    [fine.url]: "chosen",
    [broken.url]: "tried already by this request",
  });
});

Deno.test("LoadBalancer.decisions show until when a server is ejected", async () => {
  await using broken = new SampleServer("broken");
  await using fine = new SampleServer("fine");
  await broken.kill();
  await using served = await serveBalancer([broken.url, fine.url], { decisions: 10 });
  const before = Date.now();
  for (let i = 0; i < 10; i++) await get(served.url);
  const { [broken.url]: verdict } = verdicts(served.balancer);
  const [, time] = /^ejected until (\d\d:\d\d:\d\d) UTC, and others are preferred$/.exec(verdict!)!;
  const { until } = served.balancer.servers()[0]!.ejection!;
  assertEquals(time, until.toISOString().slice(11, 19));
  assert(until.getTime() >= before + 10_000);
  assertEquals(latest(served.balancer).candidates.map(({ state }) => state), ["up", "ejected"]);
});

Deno.test("LoadBalancer.decisions show which servers are unhealthy", async () => {
  await using sick = new SampleServer("sick");
  await using fine = new SampleServer("fine");
  await sick.kill();
  await using served = await serveBalancer([fine.url], { decisions: 10 });
  const unhealthy = new Promise<void>((resolve) =>
    served.balancer.events.subscribe(({ type }) => type === "unhealthy" && resolve())
  );
  served.balancer.add({ url: sick.url });
  await unhealthy;
  await get(served.url);
  assertEquals(verdicts(served.balancer), {
    [fine.url]: "chosen",
    [sick.url]: "unhealthy, and healthy ones are preferred",
  });
});

Deno.test("LoadBalancer.decisions show which servers are at their limit, and which requests were queued", async () => {
  await using servers = new HoldingServers(2);
  const [one, two] = servers.urls as [string, string];
  await using served = await serveBalancer([], {
    servers: [
      { url: one, maxConnections: 1, healthCheckPeriod: 0 },
      { url: two, maxConnections: 2, healthCheckPeriod: 0 },
    ],
    decisions: 10,
  });
  const { balancer } = served;
  const answers = [get(`${served.url}/1`), get(`${served.url}/2`)];
  await servers.holding(2);
  answers.push(get(`${served.url}/3`));
  await servers.holding(3);
  assertEquals(verdicts(balancer), { [two]: "chosen", [one]: "works on 1 of 1 requests" });
  // The fourth is queued, and reported when a server can take it.
  answers.push(get(`${served.url}/4`));
  const waited = nextDecision(balancer);
  servers.release();
  assertEquals((await waited).request.path, "/4");
  assertEquals(await Promise.all(answers), new Array(4).fill("held"));
  assertEquals(balancer.decisions.count, 4);
});

Deno.test("LoadBalancer.decisions show that a session's cookie decided", async () => {
  await using one = new SampleServer("one");
  await using two = new SampleServer("two");
  await using served = await serveBalancer([one.url, two.url], {
    sticky: { secret: "a secret of tests" },
    decisions: 10,
  });
  const client = new CookieClient(served.url);
  assertEquals(await client.getMany(2), ["one"]);
  assertEquals(latest(served.balancer).reason, "the client's session is here, as its cookie says");
  assertEquals(verdicts(served.balancer)[two.url], "the client's cookie names another");
  served.balancer.update(one.url, { draining: true });
  assertEquals(await client.get(), "two");
  assertMatch(
    latest(served.balancer).reason,
    /^the server of the client's session cannot take it; /,
  );
  assertEquals(verdicts(served.balancer)[one.url], "draining");
});

Deno.test("LoadBalancer.decisions show the policy, even a custom one", async () => {
  await using server = new SampleServer("one");
  for (const policy of POLICY_NAMES) {
    await using served = await serveBalancer([server.url], { policy, decisions: 1 });
    await get(served.url);
    assertEquals(latest(served.balancer).policy, policy);
  }
  const policy = { pick: () => 0 };
  await using served = await serveBalancer([server.url], { policy, decisions: 1 });
  await get(served.url);
  assertEquals(latest(served.balancer).policy, "custom");
  assertEquals(latest(served.balancer).reason, "chosen by the policy");
});

Deno.test("LoadBalancer.decisions: a listener that throws does not affect requests", async () => {
  await using log = await LogWatcher.start();
  await using server = new SampleServer("one");
  await using served = await serveBalancer([server.url], { decisions: 5 });
  served.balancer.decisions.subscribe(() => {
    throw new Error("not interested");
  });
  assertEquals(await get(served.url), "one");
  await log.waitFor("Cannot report a decision: Error: not interested");
  await untilIdle(served);
  assertEquals(served.balancer.decisions.count, 1);
});
