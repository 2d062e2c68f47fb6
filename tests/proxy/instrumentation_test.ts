import { assertEquals } from "@std/assert";
import type { ErrorCode } from "../../src/model/errors.ts";
import { completeServer } from "../../src/model/server.ts";
import { allocateMemory } from "../../src/state/table_memory.ts";
import { TrafficTable } from "../../src/state/traffic_table.ts";
import { RequestRecord } from "../../src/proxy/request_record.ts";
import { Instrumentation } from "../../src/proxy/instrumentation.ts";
import { TrafficCounter } from "../../src/proxy/instrumentation.ts";
import { FakeClock } from "../testing/fake_clock.ts";

const SERVER = completeServer({ url: "http://127.0.0.1:3001" });

function makeRecord(clock = new FakeClock()): RequestRecord {
  return new RequestRecord(new Request("http://a/path", { method: "PUT" }), clock);
}

/** The counts of a request with this record. */
function counted(record: RequestRecord): {
  requests: number;
  failures: number;
  refusals: readonly (readonly [ErrorCode, number])[];
} {
  const traffic = new TrafficTable(allocateMemory(2, 1));
  new TrafficCounter(traffic).ended(record);
  const { responses, failures } = traffic.snapshot().server(1);
  return {
    requests: responses.reduce((sum, count) => sum + count),
    failures: failures.connection + failures.response,
    refusals: traffic.overall().refusals.filter(([, count]) => count > 0),
  };
}

Deno.test("RequestRecord.beginAttempt() discards the values of the previous attempt", () => {
  const record = makeRecord();
  record.beginAttempt({ server: SERVER, slot: 0 });
  Object.assign(record, { connection: "new", connectTime: 5, bytesSent: 6, bytesReceived: 7 });
  record.beginAttempt({ server: SERVER, slot: 1 });
  const { attempts, slot, connection, connectTime, bytesSent, bytesReceived } = record;
  assertEquals([attempts, slot, connection, connectTime], [2, 1, "none", 0]);
  assertEquals([bytesSent, bytesReceived], [0, 0]);
});

Deno.test("Instrumentation calls each observer once, with the elapsed time", async () => {
  const clock = new FakeClock();
  const ended: [RequestRecord, number][] = [];
  const observer = { ended: (record: RequestRecord) => void ended.push([record, record.duration]) };
  const instrumentation = new Instrumentation(clock, [observer, observer]);
  const record = instrumentation.begin(new Request("http://a/"), undefined);
  await clock.advance(20);
  record.noteResponse();
  await clock.advance(5);
  instrumentation.end(record);
  assertEquals(record.answeredAfter, 20);
  assertEquals(ended, [[record, 25], [record, 25]]);
});

Deno.test("TrafficCounter counts a response for its server, even if it took no time at all", () => {
  const record = makeRecord();
  record.beginAttempt({ server: SERVER, slot: 1 });
  record.noteResponse();
  record.status = 204;
  assertEquals(counted(record), { requests: 1, failures: 0, refusals: [] });
});

Deno.test("TrafficCounter counts requests that no server answered by the reason", () => {
  const record = makeRecord();
  record.failure = "queue_timeout";
  assertEquals(counted(record), { requests: 0, failures: 0, refusals: [["queue_timeout", 1]] });
  assertEquals(counted(makeRecord()).refusals, [["internal", 1]]);
});

Deno.test("TrafficCounter counts content that breaks off against its server alone", () => {
  const cases: [ErrorCode, failures: number][] = [
    ["incomplete", 1],
    ["bad_response", 1],
    ["response_timeout", 1],
    ["client_gone", 0],
    ["request_timeout", 0],
  ];
  for (const [failure, failures] of cases) {
    const record = makeRecord();
    record.beginAttempt({ server: SERVER, slot: 1 });
    record.noteResponse();
    Object.assign(record, { status: 200, failure });
    assertEquals(counted(record), { requests: 1, failures, refusals: [] }, failure);
  }
});
