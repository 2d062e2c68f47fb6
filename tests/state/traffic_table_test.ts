import { assert, assertEquals } from "@std/assert";
import { StateTable } from "../../src/state/state_table.ts";
import { allocateMemory } from "../../src/state/table_memory.ts";
import { type CountedRequest, TrafficTable } from "../../src/state/traffic_table.ts";
import { LATENCY_BOUNDS, type ServerTraffic } from "../../src/state/traffic.ts";

/** A request, with these changes. */
function request(change: Partial<CountedRequest> = {}): CountedRequest {
  return { status: 200, duration: 4, bytesSent: 0, bytesReceived: 0, ...change };
}

/** Counts everything once for the server in this slot. */
function countAll(traffic: TrafficTable, slot: number): void {
  traffic.countRequest(slot, request({ bytesSent: 10, bytesReceived: 20 }));
  traffic.countConnection(slot, false);
  traffic.countConnection(slot, true);
  traffic.countFailure(slot, "connection");
  traffic.countFailure(slot, "response");
  traffic.count(slot, "retries");
  traffic.countCheck(slot, true);
  traffic.countCheck(slot, false);
  traffic.count(slot, "ejections");
  traffic.setConnections(slot, { open: 3, idle: 2 });
}

/** Counts after {@linkcode countAll} on several threads. */
function allCounted(times: number): ServerTraffic {
  const buckets: number[] = LATENCY_BOUNDS.map((bound) => bound === 0.005 ? times : 0);
  return {
    responses: [0, times, 0, 0, 0],
    failures: { connection: times, response: times },
    retries: times,
    bytesSent: 10 * times,
    bytesReceived: 20 * times,
    connections: { opened: times, reused: times, open: 3 * times, idle: 2 * times },
    checks: { passed: times, failed: times },
    ejections: times,
    latency: { sum: 0.004 * times, buckets: [...buckets, 0] },
  };
}

Deno.test("TrafficTable counts each server separately", () => {
  const traffic = new TrafficTable(allocateMemory(4, 1));
  countAll(traffic, 2);
  assertEquals(traffic.snapshot().server(2), allCounted(1));
  for (const slot of [0, 1, 3]) assertEquals(traffic.snapshot().server(slot), allCounted(0));
  assert(traffic.overall().refusals.every(([, count]) => count === 0));
});

Deno.test("TrafficTable.countRequest() counts by status class", () => {
  const traffic = new TrafficTable(allocateMemory(1, 1));
  for (const status of [101, 200, 299, 304, 404, 418, 500, 502, 599]) {
    traffic.countRequest(0, request({ status }));
  }
  assertEquals(traffic.snapshot().server(0).responses, [1, 2, 1, 2, 3]);
});

Deno.test("TrafficTable.countRequest() puts each duration in the right bucket", () => {
  const traffic = new TrafficTable(allocateMemory(1, 1));
  for (const duration of [0, 1, 1.001, 2.5, 60_000, 60_001, 1e9]) {
    traffic.countRequest(0, request({ duration }));
  }
  const { sum, buckets } = traffic.snapshot().server(0).latency;
  assertEquals(buckets.length, LATENCY_BOUNDS.length + 1);
  assertEquals([buckets[0], buckets[1], buckets[2]], [2, 2, 0]);
  assertEquals(buckets.slice(-2), [1, 2]);
  assertEquals(Math.round(sum), 1_000_120);
});

Deno.test("TrafficTable.countRequest() ignores the durations of WebSockets", () => {
  const traffic = new TrafficTable(allocateMemory(1, 1));
  traffic.countRequest(0, request({ status: 101, duration: 5000, bytesReceived: 7 }));
  const { responses, bytesReceived, latency } = traffic.snapshot().server(0);
  assertEquals([responses[0], bytesReceived, latency.sum], [1, 7, 0]);
  assert(latency.buckets.every((count) => count === 0));
});

Deno.test("TrafficTable sums the counts of two threads", () => {
  const memory = allocateMemory(4, 2);
  const [first, second] = [new TrafficTable(memory, 0), new TrafficTable(memory, 1)];
  countAll(first, 1);
  countAll(second, 1);
  for (const traffic of [first, second]) traffic.countWait();
  first.countRefusal("no_server");
  second.countRefusal("no_server");
  second.countRefusal("client_gone");
  first.setWaiting(3);
  second.setWaiting(4);
  for (const traffic of [first, second]) {
    assertEquals(traffic.snapshot().server(1), allCounted(2));
    const { waiting, waited, refusals } = traffic.overall();
    assertEquals([waiting, waited], [7, 2]);
    const counted = refusals.filter(([, count]) => count > 0);
    assertEquals(counted, [["no_server", 2], ["client_gone", 1]]);
  }
  second.setWaiting(0);
  assertEquals(first.overall().waiting, 3);
});

Deno.test("TrafficTable.countRefusal() counts unknown codes as internal", () => {
  const traffic = new TrafficTable(allocateMemory(1, 1));
  traffic.countRefusal("not_found");
  const counted = traffic.overall().refusals.filter(([, count]) => count > 0);
  assertEquals(counted, [["internal", 1]]);
});

Deno.test("a slot with a new server starts with zeros on every thread", () => {
  const memory = allocateMemory(2, 2);
  const [table, other] = [new StateTable(memory, 0), new StateTable(memory, 1)];
  const counting = [new TrafficTable(memory, table.thread), new TrafficTable(memory, other.thread)];
  const [kept, reused] = [table.allocate(1, 0), table.allocate(1, 0)];
  for (const traffic of counting) {
    countAll(traffic, kept);
    countAll(traffic, reused);
    traffic.countRefusal("no_server");
  }
  table.release(reused);
  assertEquals(table.allocate(1, 0), reused);
  assertEquals(counting[0]!.snapshot().server(reused), allCounted(0));
  assertEquals(counting[0]!.snapshot().server(kept), allCounted(2));
  assertEquals(counting[0]!.overall().refusals[0], ["no_server", 2]);
});
