import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { parseConfig } from "../../mod.ts";
import { readWorkload } from "../../src/simulate/workload_schema.ts";
import { POLICY_NAMES } from "../../src/model/settings.ts";
import { readAccessLog, simulate } from "../../src/simulate/simulate.ts";
import { alike, run, servers } from "./testing.ts";

/** A workload with every kind of failure. */
const EVENTFUL = {
  ...{ load: 0.7, requests: 20_000, balancers: 3, spread: "client", clients: 200, start: "apart" },
  failures: [
    { servers: ["s1"], kind: "down", from: 60, until: 200 },
    { servers: ["s2"], kind: "hang", from: 100, until: 260 },
    { servers: ["s3"], kind: "errors", share: 0.3, from: 0, until: 500 },
    { servers: 2, kind: "slow", factor: 3, from: 300, until: 400 },
  ],
};

Deno.test("simulate() depends on the seed alone", async () => {
  const config = parseConfig(`
slow_start: 20
retries: { tries: 2 }
ejection: { failed_responses: 4 }
timeouts: { response: 2, connect: 1, queue: 1 }
health_check: { fall: 2 }
servers:
${[1, 2, 3, 4, 5].map((i) => `- { url: http://s${i}, name: s${i}, max_connections: 3 }`).join("\n")}
`);
  async function text(seed: number): Promise<string> {
    const workload = readWorkload({ ...EVENTFUL, seed }, "the workload");
    return JSON.stringify(await simulate({ config, workload }, POLICY_NAMES));
  }
  const first = await text(7);
  assertEquals(await text(7), first);
  assertNotEquals(await text(8), first);
});

Deno.test("simulate() gives every policy the same requests", async () => {
  // If servers work on any number at once, only the requests could differ.
  const times = [];
  for (const policy of POLICY_NAMES) {
    const { response_ms } = await run(
      alike(3),
      { rate: 50, concurrency: 0, requests: 3000 },
      policy,
    );
    times.push(response_ms);
  }
  for (const time of times) assertEquals(time, times[0]);
});

Deno.test("simulate() spreads by weight, whatever the policy", async () => {
  const weighted = servers({ weight: 5 }, { weight: 3 }, { weight: 1 }, { weight: 0 });
  for (const policy of POLICY_NAMES) {
    // One at a time, each from another client.
    const workload = { rate: 0.1, requests: 20_000, clients: 200_000, warm_up: 0 };
    const result = await run(weighted, workload, policy);
    const shares = result.servers.map(({ share }) => share * 9);
    const tolerance = policy === "client_hash" || policy === "random_two_choices" ? 0.15 : 0.02;
    for (const [i, weight] of [5, 3, 1, 0].entries()) {
      assertAlmostEquals(shares[i]!, weight, tolerance, `${policy}: ${shares}`);
    }
  }
});

Deno.test("simulate() does not count the warm-up", async () => {
  for (const warm_up of [0, 0.5]) {
    const result = await run(alike(2), { load: 0.5, requests: 10_000, warm_up });
    assertEquals(result.answered, 10_000 * (1 - warm_up));
    assertEquals(result.servers.reduce((sum, { requests }) => sum + requests, 0), result.answered);
  }
  const byTime = await run(alike(2), { rate: 10, duration: 1000, warm_up: 0.25 });
  assertAlmostEquals(byTime.answered, 7500, 300);
});

Deno.test("simulate() ends every request once, with a response or an error", async () => {
  for (const policy of POLICY_NAMES) {
    const result = await run(alike(5, { maxConnections: 2 }), { ...EVENTFUL, warm_up: 0 }, policy);
    assertEquals(result.requests, 20_000);
    const failed = Object.values(result.failures).reduce((sum, count) => sum + count, 0);
    assertEquals(result.answered + failed, 20_000);
    assert(result.retries > 0, "servers were down");
  }
});

Deno.test("simulate() keeps to max_connections in each balancer", async () => {
  const workload = { load: 0.95, requests: 20_000, balancers: 2 };
  const { servers, longest_line } = await run(alike(3, { maxConnections: 2 }), workload);
  for (const { peak } of servers) assert(peak >= 3 && peak <= 4, `at most 2 of each: ${peak}`);
  assert(longest_line > 0);
});

Deno.test("simulate() fails requests that find the queue full or wait for too long", async () => {
  const config = {
    servers: alike(2, { maxConnections: 1 }),
    healthCheck: {},
    limits: { queue: 5 },
  };
  const crowded = await run(config, { load: 3, requests: 5000 });
  assert(crowded.failures.overloaded! > 0);
  assertEquals(crowded.longest_line, 5);
  const patient = { ...config, limits: { queue: 1000 }, timeouts: { queue: 0.2 } };
  const late = await run(patient, { load: 3, requests: 5000 });
  assert(late.failures.queue_timeout! > 0);
  // No request with a longer wait got a response.
  assert(late.waiting_ms.max <= 200, `${late.waiting_ms.max}`);
});

Deno.test("simulate() sends a client to the server of its session", async () => {
  const config = { servers: alike(50), healthCheck: {}, sticky: "cookie" as const };
  const workload = { rate: 20, concurrency: 0, requests: 5000, clients: 1, warm_up: 0 };
  const { servers } = await run(config, workload, "round_robin");
  // Until the first answer there is no session.
  assert(Math.max(...servers.map(({ share }) => share)) > 0.97);
});

Deno.test("simulate() can send a client to one balancer; balancers see their own requests only", async () => {
  const alone = await run(alike(4), { load: 0.9, requests: 30_000, balancers: 1 });
  const blind = await run(alike(4), { load: 0.9, requests: 30_000, balancers: 8 });
  assert(blind.response_ms.mean > 1.2 * alone.response_ms.mean);
  const workload = { load: 0.9, requests: 30_000, balancers: 8, clients: 1 };
  const byClient = await run(alike(4), { ...workload, spread: "client" });
  assertAlmostEquals(byClient.response_ms.mean, alone.response_ms.mean, 60);
});

Deno.test("simulate() starts each balancer with the same server, or with another", async () => {
  // Each balancer has four requests, and 1000 servers.
  const workload = { rate: 1000, requests: 400, balancers: 100, warm_up: 0, concurrency: 0 };
  const together = await run(alike(1000), { ...workload, start: "together" });
  const apart = await run(alike(1000), { ...workload, start: "apart" });
  const used = (result: typeof apart) => result.servers.filter(({ peak }) => peak > 0).length;
  assert(used(together) < 20, `${used(together)}`);
  assert(used(apart) > 250, `${used(apart)}`);
});

Deno.test("simulate() repeats the requests of an access log, as its servers did with them", async () => {
  const start = Date.parse("2026-01-01T00:00:00Z");
  const lines = Array.from({ length: 400 }, (_, i) =>
    JSON.stringify({
      time: new Date(start + i * 100).toISOString(),
      client: `192.0.2.${i % 7}`,
      server: `http://server-${i % 2 + 1}`,
      queue_ms: 5,
      // The second server is slower, and the log is in reverse order.
      total_ms: 5 + (i % 2 === 0 ? 10 : 30),
    })).reverse();
  const recording = readAccessLog(lines.join("\n"), "access.log");
  assertEquals(recording.times[399], 39_900);
  assertEquals(recording.addresses.length, 7);
  const workload = readWorkload(
    { service: { distribution: "recorded" }, warm_up: 0 },
    "the workload",
    { recorded: true },
  );
  const config = { servers: alike(2), healthCheck: {} };
  const { policies, rate } = await simulate({ config, workload, recording }, ["round_robin"]);
  const [{ answered, response_ms, servers }] = policies as [typeof policies[0]];
  assertEquals([answered, rate], [400, null]);
  assertEquals(response_ms.mean, 20);
  // To a thousandth.
  assertAlmostEquals(response_ms.p50, 10, 0.01);
  assertAlmostEquals(servers[0]!.working, 200 * 10 / 39_900, 1e-3);
  assertAlmostEquals(servers[1]!.working, 200 * 30 / 39_900, 1e-3);
});
