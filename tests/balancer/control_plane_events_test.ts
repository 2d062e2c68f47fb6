import { assertEquals } from "@std/assert";
import { ControlPlane } from "../../src/balancer/control_plane.ts";
import { BalancerError } from "../../src/model/errors.ts";
import type { BalancerEvent } from "../../src/state/event_log.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { allocateMemory } from "../../src/state/table_memory.ts";
import { TrafficTable } from "../../src/state/traffic_table.ts";
import type { Transport, UpstreamResponse } from "../../src/upstream/transport.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { DEFAULT_HEALTH_CHECK, DEFAULT_SETTINGS } from "../testing/settings.ts";

const A = "http://a";
const B = "http://b";

/** Makes a control plane over these servers, on a fake clock. */
function setUp(...urls: string[]) {
  const clock = new FakeClock();
  const memory = allocateMemory(16, 1);
  const control = new ControlPlane({
    table: new StateTable(memory),
    traffic: new TrafficTable(memory),
    clock,
    servers: urls.map((url) => ({ url, healthCheckPeriod: 0 })),
    opens: () => true,
    settings: { ...DEFAULT_SETTINGS, ejection: { ...DEFAULT_SETTINGS.ejection, backoff: 10 } },
  });
  return { clock, control };
}

/** Responses of servers to health checks. */
class Health {
  /** Status; 0 if they refuse the connection. */
  status = 200;

  /** The part of a transport that checks need. */
  readonly transport = {
    send: (): Promise<UpstreamResponse> =>
      this.status === 0
        ? Promise.reject(new BalancerError("connect_failed", "connection refused"))
        : Promise.resolve({
          status: this.status,
          headers: [],
          contentLength: undefined,
          body: null,
          discard: () => {},
        }),
  } as unknown as Transport;
}

function logged({ events }: ControlPlane): string[] {
  return events.last(1000).map(({ type, server, detail }: BalancerEvent) =>
    `${type} ${server.url}${detail === undefined ? "" : `: ${detail}`}`
  );
}

Deno.test("ControlPlane logs servers that are added, changed and removed, except the first ones", () => {
  const { control } = setUp(A);
  assertEquals(logged(control), []);
  const { server: before } = control.registry.add({ url: B, weight: 2, healthCheckPeriod: 0 });
  const { server: after } = control.registry.update(B, { weight: 5 });
  control.registry.remove(B);
  assertEquals(logged(control), [`added ${B}`, `updated ${B}`, `removed ${B}`]);
  const [added, updated, removed] = control.events.last(3);
  assertEquals([added!.server, updated!.server, removed!.server], [before, after, after]);
  assertEquals([updated!.previous, updated!.server.weight], [before, 5]);
  assertEquals(["previous" in added!, "previous" in removed!], [false, false]);
});

Deno.test("ControlPlane logs when health checks find a server unhealthy and healthy, and why", async () => {
  const { clock, control } = setUp();
  const health = new Health();
  control.startChecks(DEFAULT_HEALTH_CHECK, health.transport);
  control.registry.add({ url: A, healthCheckPeriod: 10 });
  // The first check passes, which is nothing new.
  await clock.advance(0);
  health.status = 503;
  await clock.advance(20_000);
  health.status = 200;
  await clock.advance(20_000);
  health.status = 0;
  await clock.advance(20_000);
  assertEquals(logged(control), [
    `added ${A}`,
    `unhealthy ${A}: HTTP 503`,
    `healthy ${A}: HTTP 200`,
    `unhealthy ${A}: connection refused`,
  ]);
  control[Symbol.dispose]();
});

Deno.test("ControlPlane logs when a server is ejected, probed and returned", async () => {
  const { clock, control } = setUp(A, B);
  control.report({ type: "failing", url: A, why: "3 connections failed in a row" });
  await clock.advance(10_000);
  control.report({ type: "failing", url: A, why: "the probing request failed" });
  await clock.advance(20_000);
  control.report({ type: "passed", url: A, why: "HTTP 200" });
  assertEquals(logged(control), [
    `ejected ${A}: for 10 s: 3 connections failed in a row`,
    `on_trial ${A}`,
    `ejected ${A}: for 20 s: the probing request failed`,
    `on_trial ${A}`,
    `returned ${A}`,
  ]);
  control[Symbol.dispose]();
});

Deno.test("ControlPlane goes on after a listener throws in a timer", async () => {
  const { clock, control } = setUp(A, B);
  control.events.subscribe(() => {
    throw new Error("a defect");
  });
  control.report({ type: "failing", url: A, why: "3 connections failed in a row" });
  await clock.advance(10_000);
  control.report({ type: "passed", url: A, why: "HTTP 200" });
  assertEquals(logged(control).slice(1), [`on_trial ${A}`, `returned ${A}`]);
  control[Symbol.dispose]();
});

Deno.test("ControlPlane logs nothing once it is disposed of", () => {
  const { control } = setUp(A);
  control[Symbol.dispose]();
  assertEquals(control.events.closed, true);
});

Deno.test("ControlPlane.traffic() gives the time since the start", async () => {
  const { clock, control } = setUp(A);
  await clock.advance(2500);
  const { uptime, countsRequests, servers } = control.traffic(true);
  assertEquals([uptime, countsRequests, servers.length], [2.5, true, 1]);
  assertEquals(control.traffic(false).countsRequests, false);
});
