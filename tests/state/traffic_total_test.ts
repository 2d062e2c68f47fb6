import { assertEquals } from "@std/assert";
import { StateTable } from "../../src/state/state_table.ts";
import { allocateMemory } from "../../src/state/table_memory.ts";
import { TrafficTable } from "../../src/state/traffic_table.ts";

const REQUEST = { status: 200, duration: 3, bytesSent: 5, bytesReceived: 7 };

/** A table with two threads, and the view of each. */
function setUp() {
  const memory = allocateMemory(4, 2);
  const table = new StateTable(memory);
  const traffic = [new TrafficTable(memory), new TrafficTable(memory, 1)] as const;
  return { table, traffic };
}

Deno.test("TrafficTable.snapshot() is the sum of all servers on all threads", () => {
  const { table, traffic: [one, other] } = setUp();
  const [a, b] = [table.allocate(1), table.allocate(1)];
  one.countRequest(a, REQUEST);
  other.countRequest(a, { ...REQUEST, status: 503 });
  other.countRequest(b, REQUEST);
  other.countFailure(b, "connection");
  const total = one.snapshot(table.end).total;
  assertEquals(total.responses, [0, 2, 0, 0, 1]);
  assertEquals(total.failures, { connection: 1, response: 0 });
  assertEquals([total.bytesSent, total.bytesReceived], [15, 21]);
  assertEquals([total.latency.buckets[2], Math.round(total.latency.sum * 1000)], [3, 9]);
  assertEquals(other.snapshot(table.end).total, total);
});

Deno.test("TrafficTable.snapshot() does not fall when a server is removed and another gets its slot", () => {
  const { table, traffic: [one, other] } = setUp();
  const a = table.allocate(1);
  other.countRequest(a, REQUEST);
  other.setConnections(a, { open: 3, idle: 2 });
  table.release(a);
  // Requests that were active when it was removed count too.
  one.countRequest(a, REQUEST);
  assertEquals(one.snapshot(table.end).total.responses[1], 2);
  assertEquals(table.allocate(1), a);
  assertEquals(one.snapshot().server(a).responses[1], 0);
  const total = one.snapshot(table.end).total;
  assertEquals([total.responses[1], total.bytesSent, total.latency.buckets[2]], [2, 10, 2]);
  assertEquals([total.connections.open, total.connections.idle], [0, 0]);
  one.countRequest(a, REQUEST);
  table.release(a);
  table.allocate(1);
  assertEquals(one.snapshot(table.end).total.responses[1], 3);
});

Deno.test("TrafficTable.snapshot() excludes counts without a server", () => {
  const { table, traffic: [one] } = setUp();
  one.countRefusal("no_server");
  one.countWait();
  assertEquals(one.snapshot(table.end).total.responses, [0, 0, 0, 0, 0]);
});
