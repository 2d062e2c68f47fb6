import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { alike, run } from "./testing.ts";

/** A steady stream of requests, none of which waits for others. */
const EVENLY = { rate: 100, arrivals: "constant", concurrency: 0, warm_up: 0, duration: 100 };
const SERVICE = { distribution: "constant", mean: 0.05 };

Deno.test("a server that is down is detected by requests, and ejected", async () => {
  const config = {
    servers: alike(4, { healthCheckPeriod: 0 }),
    healthCheck: {},
    ejection: { backoff: 10, maxBackoff: 1000 },
  };
  const failures = [{ servers: ["s2"], kind: "down", from: 20, until: 45 }];
  const { answered, errors, failures: failed, retries, health } = await run(config, {
    ...{ ...EVENLY, service: SERVICE, failures },
  });
  // Ejected at 20 for 10 s, at 30 for 20 s; at 50 its probing request succeeds.
  assertEquals(health, { ejected: 2, on_trial: 2, returned: 1 });
  assertEquals([answered, errors, failed], [10_000, 0, {}]);
  // Those it was working on, three that it refused, and the probing request.
  assert(retries >= 4 && retries <= 6, `${retries}`);
});

Deno.test("a server that is down is detected by checks, and is healthy again after rise", async () => {
  const config = {
    servers: alike(4, { healthCheckPeriod: 2 }),
    healthCheck: { fall: 2, rise: 3 },
    ejection: { connectionFailures: 0 },
    retries: { tries: 1 },
  };
  const failures = [{ servers: ["s2"], kind: "down", from: 20, until: 50 }];
  const { answered, failures: failed, health, servers } = await run(config, {
    ...{ ...EVENLY, service: SERVICE, failures },
  });
  assertEquals(health, { unhealthy: 1, healthy: 1 });
  // Two checks, each 1.6 to 2 s apart, that begin within 2 s of the failure: a quarter of 100/s.
  const lost = failed.connect_failed! + (failed.closed_early ?? 0);
  assert(lost > 1.5 * 25 && lost < 4.1 * 25, `${lost}`);
  assertEquals(answered + lost, 10_000);
  // Out for about 30 s and three checks, of 100 s.
  assertAlmostEquals(servers[1]!.share, 0.25 * (1 - 0.33), 0.02);
});

Deno.test("a server that hangs costs each request the connect timeout", async () => {
  const config = {
    servers: alike(2, { healthCheckPeriod: 1 }),
    healthCheck: { timeout: 1 },
    timeouts: { connect: 3 },
  };
  const failures = [{ servers: 1, kind: "hang", from: 20, until: 40 }];
  const workload = { ...EVENLY, service: SERVICE, failures };
  // Least connections would soon avoid the server.
  const result = await run(config, workload, "round_robin");
  const { answered, response_ms, waiting_ms, health, retries } = result;
  assertEquals([answered, health.unhealthy, health.healthy], [10_000, 1, 1]);
  assert(retries > 50, `${retries}`);
  // New requests go to the other server after 3 s; those in progress continue at 40 s.
  assertAlmostEquals(response_ms.p99_9, 3050, 60);
  assertAlmostEquals(response_ms.max, 20_000, 60);
  assertAlmostEquals(waiting_ms.max, 3000, 10);
});

Deno.test("a hang that is shorter than the timeouts only delays", async () => {
  const failures = [{ servers: 1, kind: "hang", from: 20, until: 21 }];
  const workload = { ...EVENLY, service: SERVICE, failures };
  const { answered, response_ms, retries } = await run(alike(1), workload);
  assertEquals([answered, retries], [10_000, 0]);
  assertAlmostEquals(response_ms.max, 1050, 60);
});

Deno.test("a server that answers with errors is ejected if the settings say so", async () => {
  const failures = [{ servers: ["s1"], kind: "errors", share: 0.5, from: 20, until: 80 }];
  const workload = { ...EVENLY, service: SERVICE, failures };
  const servers = alike(4, { healthCheckPeriod: 0 });
  const patient = await run({ servers, healthCheck: {} }, workload);
  assertEquals([patient.answered, patient.retries], [10_000, 0]);
  // Half of a quarter of 6000.
  assertAlmostEquals(patient.errors, 750, 90);
  const strict = await run(
    { servers, healthCheck: {}, ejection: { failedResponses: 3 } },
    workload,
  );
  assert(strict.health.ejected! >= 1);
  assert(strict.errors < patient.errors / 4, `${strict.errors}`);
});

Deno.test("a slow server gets less by least connections, and as much by round robin", async () => {
  const failures = [{ servers: ["s1"], kind: "slow", factor: 20, from: 0, until: 100 }];
  const workload = { ...EVENLY, service: SERVICE, failures, rate: 200 };
  const least = await run(alike(4), workload, "least_connections");
  const robin = await run(alike(4), workload, "round_robin");
  assert(least.servers[0]!.share < 0.15, `${least.servers[0]!.share}`);
  assertAlmostEquals(robin.servers[0]!.share, 0.25, 0.001);
  assert(least.health.unhealthy === undefined, "checks do not see how slow it is");
});

Deno.test("a response that takes too long is abandoned, while its server goes on with it", async () => {
  const config = {
    servers: alike(2),
    healthCheck: {},
    timeouts: { response: 0.04 },
    retries: { tries: 2, budget: 100 },
  };
  const workload = { ...EVENLY, rate: 1, service: SERVICE, concurrency: 1 };
  const { answered, failures, retries, servers } = await run(config, workload);
  assertEquals([answered, failures, retries], [0, { response_timeout: 100 }, 100]);
  // Each server has worked for all of its 50 ms on each of them.
  for (const { working } of servers) assertAlmostEquals(working, 100 * 0.05 / 99, 1e-3);
});

Deno.test("without any server that can be reached, requests fail", async () => {
  const failures = [{ servers: 3, kind: "down", from: 0, until: 200 }];
  const workload = { ...EVENLY, service: SERVICE, failures };
  const { answered, failures: failed, servers } = await run(alike(3), workload);
  assertEquals([answered, failed], [0, { connect_failed: 10_000 }]);
  // Each request tries all of them.
  for (const { requests } of servers) assertEquals(requests, 10_000);
});

Deno.test("requests fail if all weights are 0", async () => {
  const { failures } = await run(alike(2, { weight: 0 }), { rate: 10, requests: 100, warm_up: 0 });
  assertEquals(failures, { no_server: 100 });
});

Deno.test("slow_start restores the weight of a returning server gradually", async () => {
  const failures = [{ servers: ["s1"], kind: "down", from: 1, until: 30 }];
  const workload = { ...EVENLY, service: SERVICE, failures, duration: 60 };
  const servers = alike(2, { healthCheckPeriod: 1 });
  const common = { servers, healthCheck: {}, ejection: { connectionFailures: 0 } };
  const atOnce = await run(common, workload, "round_robin");
  const slowly = await run({ ...common, slowStart: 30 }, workload, "round_robin");
  assertAlmostEquals(atOnce.servers[0]!.share, 0.5 * 30 / 60, 0.02);
  assert(slowly.servers[0]!.share < atOnce.servers[0]!.share - 0.05);
});

Deno.test("a retry that waits for other servers does not hold up the requests behind it", async () => {
  const config = {
    servers: alike(2, { maxConnections: 1, healthCheckPeriod: 0 }),
    healthCheck: {},
    ejection: { connectionFailures: 0 },
  };
  const { answered, waiting_ms } = await run(config, {
    // The first one is broken off at 0.9 s and goes to the second server, for 10 s. The second one
    // is refused at 1 s, and waits for that server. The third one finds the first server up again.
    ...{ rate: 2, arrivals: "constant", requests: 3, warm_up: 0, concurrency: 0 },
    service: { distribution: "constant", mean: 10 },
    failures: [{ servers: ["s1"], kind: "down", from: 0.9, until: 1.1 }],
  });
  assertEquals(answered, 3);
  assertAlmostEquals(waiting_ms.p50, 400, 1);
  assertAlmostEquals(waiting_ms.max, 9900, 10);
});

Deno.test("a server that goes down while thousands of requests wait is ejected after a few", async () => {
  const config = {
    servers: alike(3, { maxConnections: 2, healthCheckPeriod: 0 }),
    healthCheck: {},
    limits: { queue: 20_000 },
    timeouts: { queue: 3600 },
  };
  const { retries, health, longest_line } = await run(config, {
    ...{ load: 3, requests: 40_000, warm_up: 0 },
    failures: [{ servers: ["s1"], kind: "down", from: 200, until: 205 }],
  });
  assert(longest_line > 10_000, `${longest_line}`);
  assertEquals(health.ejected, 1);
  // Those that it was working on, and those that it got before three failures in a row.
  assert(retries < 10, `${retries}`);
});
