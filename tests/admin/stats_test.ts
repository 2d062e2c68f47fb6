import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { createAdmin, type LoadBalancer } from "../../mod.ts";
import { serverState, type StatsJson } from "../../src/admin/stats.ts";
import { completeServer } from "../../src/model/server.ts";
import type { ServerStatus } from "../../src/model/server_status.ts";
import { VERSION } from "../../src/model/version.ts";
import { serveBalancer, type ServedBalancer, untilIdle } from "../testing/balancer.ts";
import { GatedServer } from "../testing/gated_server.ts";
import { RawClient } from "../testing/raw_client.ts";
import { SampleServer } from "../testing/sample_server.ts";

async function statsOf(balancer: LoadBalancer): Promise<StatsJson> {
  const response = await createAdmin(balancer).fetch(new Request("http://localhost/stats"));
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("cache-control"), "no-store");
  return await response.json();
}

/** Sends requests and waits until the balancer has counted them. */
async function send(served: ServedBalancer, count: number, init: RequestInit = {}): Promise<void> {
  for (let i = 0; i < count; i++) await (await fetch(served.url, init)).body?.cancel();
  await untilIdle(served);
}

for (const workers of [1, 2]) {
  Deno.test(`GET /stats counts real traffic (workers: ${workers})`, async () => {
    await using one = new SampleServer("one");
    await using other = new SampleServer("other");
    await using served = await serveBalancer([], {
      servers: [
        { url: one.url, name: "one", weight: 3, healthCheckPeriod: 0 },
        { url: other.url, name: "other", healthCheckPeriod: 0 },
      ],
      workers,
    });
    await send(served, 40, { method: "POST", body: "12345" });
    const { time, version, uptime_seconds, window_seconds, total, servers, ...rest } =
      await statsOf(served.balancer);
    assertMatch(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assertEquals([version, rest], [VERSION, { workers, metrics: true }]);
    assert(uptime_seconds > 0);
    assertEquals(window_seconds, uptime_seconds);
    const { requests_per_second, p50_ms, p99_ms, ...counts } = total;
    assertEquals(counts, {
      requests: 40,
      errors_per_second: 0,
      refused: 0,
      active: 0,
      waiting: 0,
      bytes_sent: 200,
      bytes_received: one.hits * 3 + other.hits * 5,
    });
    // Both numbers are rounded to thousandths, which matters where the balancer is a moment old.
    const rounding = 0.0005 * (requests_per_second! + uptime_seconds) + 0.001;
    assertAlmostEquals(requests_per_second! * uptime_seconds, 40, rounding);
    assert(p50_ms! > 0 && p50_ms! <= p99_ms!);
    assertEquals(
      servers.map(({ url, name, state, reason, weight, active, share, requests, last_check }) => ({
        ...{ url, name, state, reason, weight, active, share, requests, last_check },
      })),
      [
        {
          ...{ url: one.url, name: "one", state: "up", reason: null, weight: 3, active: 0 },
          ...{ share: 0.75, requests: one.hits, last_check: null },
        },
        {
          ...{ url: other.url, name: "other", state: "up", reason: null, weight: 1, active: 0 },
          ...{ share: 0.25, requests: other.hits, last_check: null },
        },
      ],
    );
  });
}

Deno.test("GET /stats counts waiting, active and refused requests", async () => {
  await using server = new GatedServer();
  await using served = await serveBalancer([], {
    servers: [{ url: server.url, healthCheckPeriod: 0, maxConnections: 1 }],
  });
  const first = fetch(served.url);
  await server.arrivals(1);
  const second = fetch(served.url);
  let total = (await statsOf(served.balancer)).total;
  for (let look = 0; look < 2000 && total.waiting === 0; look++) {
    (await RawClient.connect(served.url)).close();
    total = (await statsOf(served.balancer)).total;
  }
  assertEquals([total.active, total.waiting, total.requests], [1, 1, 0]);
  server.open();
  for (const response of await Promise.all([first, second])) await response.body?.cancel();
  served.balancer.remove(server.url);
  await send(served, 3);
  total = (await statsOf(served.balancer)).total;
  assertEquals([total.active, total.waiting, total.requests, total.refused], [0, 0, 5, 3]);
  assert(total.errors_per_second! > 0);
});

Deno.test("GET /stats has no rates with metrics: false", async () => {
  await using server = new SampleServer("one");
  await using served = await serveBalancer([server.url], { metrics: false });
  await send(served, 5);
  const { metrics, total, servers } = await statsOf(served.balancer);
  assertEquals(metrics, false);
  for (const rates of [total, servers[0]!]) {
    const { requests, requests_per_second, errors_per_second, p50_ms, p99_ms } = rates;
    assertEquals([requests, requests_per_second, errors_per_second], [0, null, null]);
    assertEquals([p50_ms, p99_ms], [null, null]);
  }
});

Deno.test("GET /stats works without servers", async () => {
  await using served = await serveBalancer([]);
  const { total, servers } = await statsOf(served.balancer);
  assertEquals([total.requests, total.requests_per_second, total.p50_ms, servers], [
    ...[0, 0, null, []],
  ]);
});

const UP: ServerStatus = {
  ...completeServer({ url: "http://a" }),
  healthy: true,
  active: 0,
  ejection: undefined,
  lastCheck: undefined,
};
const FAILED = { at: new Date(0), passed: false, detail: "HTTP 500", duration: 1 };
const EJECTED = { why: "3 connections failed in a row", until: new Date(0), onTrial: false };

Deno.test("serverState() returns whether a server takes requests, and why not", () => {
  const cases: [status: Partial<ServerStatus>, state: string, reason: string | null][] = [
    [{}, "up", null],
    [{ healthy: false }, "unhealthy", null],
    [{ healthy: false, lastCheck: FAILED }, "unhealthy", "HTTP 500"],
    [
      { healthy: false, lastCheck: { ...FAILED, passed: true, detail: "HTTP 200" } },
      ...["unhealthy", "HTTP 200, and more checks have to pass"] as const,
    ],
    [{ lastCheck: FAILED }, "up", null],
    [{ ejection: EJECTED }, "ejected", EJECTED.why],
    [{ ejection: { ...EJECTED, onTrial: true } }, "on_trial", EJECTED.why],
    [{ healthy: false, ejection: EJECTED, lastCheck: FAILED }, "unhealthy", "HTTP 500"],
    [{ draining: true }, "draining", "takes no new requests"],
    [{ weight: 0, healthy: false, ejection: EJECTED }, "draining", "its weight is 0"],
  ];
  for (const [status, state, reason] of cases) {
    assertEquals(serverState({ ...UP, ...status }), { state, reason } as unknown);
  }
});
