import { assert, assertAlmostEquals } from "@std/assert";
import { alike, run } from "./testing.ts";

/** Mean service time, in milliseconds. */
const SERVICE_MS = 100;

/** Asserts that a number is within a percentage of the theoretical one. */
function assertNear(actual: number, expected: number, percent: number): void {
  assertAlmostEquals(actual, expected, expected * percent / 100);
}

/** Share of the requests that wait in M/M/c (Erlang C). */
function erlangC(servers: number, load: number): number {
  const offered = servers * load;
  let term = 1;
  let sum = 0;
  for (let i = 0; i < servers; i++) {
    sum += term;
    term *= offered / (i + 1);
  }
  const all = term / (1 - load);
  return all / (sum + all);
}

Deno.test("a server with one request at a time is M/M/1", async () => {
  for (const load of [0.5, 0.8]) {
    const { response_ms, waited, under_way, servers } = await run(alike(1), {
      ...{ load, requests: 400_000 },
    });
    assertNear(response_ms.mean, SERVICE_MS / (1 - load), 4);
    // The time in the system is exponential, so that its mean determines every quantile.
    assertNear(response_ms.p99, SERVICE_MS / (1 - load) * Math.log(100), 6);
    assertNear(waited, load, 2);
    assertNear(under_way, load / (1 - load), 5);
    assertNear(servers[0]!.utilisation!, load, 2);
  }
});

Deno.test("a server with several requests at a time is M/M/c", async () => {
  for (const [concurrency, load] of [[2, 0.7], [8, 0.9]] as const) {
    const { waiting_ms, waited, servers } = await run(alike(1), {
      ...{ load, concurrency, requests: 400_000 },
    });
    const wait = erlangC(concurrency, load);
    assertNear(waited, wait, 3);
    assertNear(waiting_ms.mean, wait * SERVICE_MS / (concurrency * (1 - load)), 6);
    assertNear(servers[0]!.working, concurrency * load, 2);
  }
});

Deno.test("constant service times are M/D/1, with half the waiting time", async () => {
  const load = 0.8;
  const service = { distribution: "constant", mean: SERVICE_MS / 1000 };
  const { waiting_ms } = await run(alike(1), { load, service, requests: 400_000 });
  assertNear(waiting_ms.mean, SERVICE_MS * load / (2 * (1 - load)), 4);
});

Deno.test("varying service times wait as the Pollaczek–Khinchine formula says", async () => {
  const load = 0.6;
  for (
    const [service, variance] of [
      [{ distribution: "lognormal", variation: 2 }, 4],
      // 1 / (shape × (shape − 2)) for the squared coefficient of variation.
      [{ distribution: "pareto", shape: 4 }, 1 / 8],
    ] as const
  ) {
    const { waiting_ms } = await run(alike(1), {
      ...{ load, requests: 2_000_000 },
      service: { ...service, mean: SERVICE_MS / 1000 },
    });
    assertNear(waiting_ms.mean, SERVICE_MS * load * (1 + variance) / (2 * (1 - load)), 6);
  }
});

Deno.test("any number of requests at a time is M/M/∞, without waiting", async () => {
  const { waited, under_way, servers } = await run(alike(1), {
    ...{ rate: 50, concurrency: 0, requests: 200_000 },
  });
  assert(waited === 0);
  assertNear(under_way, 5, 2);
  assert(servers[0]!.utilisation === null);
});

Deno.test("two random choices among many servers match Mitzenmacher's theorem", async () => {
  // The Power of Two Choices in Randomized Load Balancing (2001), theorem 1, for d = 2.
  for (const load of [0.7, 0.9]) {
    let expected = 0;
    for (let i = 1; i < 10; i++) expected += load ** (2 ** i - 2);
    const workload = { load, requests: 1_500_000 };
    const { response_ms } = await run(alike(1000), workload, "random_two_choices");
    assertNear(response_ms.mean, expected * SERVICE_MS, 3);
  }
});

Deno.test("the least loaded of few servers is between one queue for all and two choices", async () => {
  const workload = { load: 0.9, requests: 400_000 };
  for (const count of [2, 5]) {
    const shared = SERVICE_MS + erlangC(count, 0.9) * SERVICE_MS / (count * 0.1);
    const least = (await run(alike(count), workload)).response_ms.mean;
    const two = (await run(alike(count), workload, "random_two_choices")).response_ms.mean;
    assert(shared < least, `${shared} < ${least}`);
    // Two choices of two servers are all servers.
    if (count > 2) assert(least < two, `${least} < ${two}`);
    assert(least < 1.2 * shared, `${least} is far from ${shared}`);
  }
});

Deno.test("requests in flight are the arrival rate times the response time (Little's law)", async () => {
  const workloads = [
    { load: 0.9, balancers: 3 },
    { load: 0.7, service: { distribution: "pareto", mean: 0.1, shape: 2.2 } },
    { load: 0.8, concurrency: 4, arrivals: "constant" },
  ];
  for (const workload of workloads) {
    for (const policy of ["least_connections", "round_robin", "client_hash"] as const) {
      const result = await run(alike(7), { requests: 200_000, ...workload }, policy);
      const { under_way, answered_per_second, response_ms } = result;
      assertNear(under_way, answered_per_second * response_ms.mean / 1000, 2);
    }
  }
});

Deno.test("a balancer with a queue is one queue for all servers", async () => {
  const count = 5;
  const { waiting_ms, waited, servers } = await run(
    alike(count, { maxConnections: 1 }),
    { load: 0.9, requests: 400_000 },
  );
  const wait = erlangC(count, 0.9);
  assertNear(waited, wait, 4);
  assertNear(waiting_ms.mean, wait * SERVICE_MS / (count * 0.1), 8);
  for (const { peak } of servers) assert(peak === 1);
});
