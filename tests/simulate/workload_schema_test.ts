import { assert, assertEquals, assertThrows } from "@std/assert";
import { BalancerError } from "../../mod.ts";
import { readWorkload } from "../../src/simulate/workload_schema.ts";
import { makePlan } from "../../src/simulate/plan.ts";
import { readAccessLog } from "../../src/simulate/recorded_requests.ts";
import { DEFAULT_WORKLOAD } from "../../src/simulate/workload.ts";
import { alike } from "./testing.ts";

Deno.test("readWorkload() fills in the defaults", () => {
  for (const nothing of [null, {}]) assertEquals(readWorkload(nothing, "w"), DEFAULT_WORKLOAD);
  const service = { distribution: "lognormal", mean: 0.2 } as const;
  assertEquals(readWorkload({ service, warm_up: 0 }, "w"), {
    ...DEFAULT_WORKLOAD,
    warmUp: 0,
    service: { ...service, variation: 1 },
  });
});

Deno.test("readWorkload() takes the number of requests from a duration or a log", () => {
  assertEquals(readWorkload({ duration: 9 }, "w").requests, undefined);
  assertEquals(readWorkload({ duration: 9, requests: 8 }, "w").requests, 8);
  assertEquals(readWorkload({}, "w", { recorded: true }).requests, undefined);
  assertEquals(readWorkload({ requests: 8 }, "w", { recorded: true }).requests, 8);
});

Deno.test("readWorkload() reports every error and its path", () => {
  const failure = { servers: 1, kind: "down", from: 1, until: 2 };
  const cases: [value: unknown, message: RegExp][] = [
    [[], /^Cannot use w: must be a mapping that describes requests and servers/],
    [7, /must be a mapping/],
    [{ rates: 7 }, /rates is not known here/],
    [{ rate: 0 }, /rate must be a number from 0\.000001 to 1000000000; not 0/],
    [{ rate: 1, load: 1 }, /rate 1 cannot be combined with load; remove one of them/],
    [{ requests: 1.5 }, /requests must be a whole number from 1/],
    [{ arrivals: "bursty" }, /arrivals must be poisson or constant; not "bursty"/],
    [
      { service: { distribution: "normal", mean: 1 } },
      /service(\.distribution)? must be a mapping/,
    ],
    [{ service: { distribution: "pareto", mean: 1, shape: 1 } }, /service\.shape must be a number/],
    [{ service: { distribution: "constant" } }, /service\.mean must be a number of seconds/],
    [{ servers: [{}] }, /servers\[0\]\.server must be the URL or the name of a server/],
    [{ failures: [{ ...failure, until: 1 }] }, /failures\[0\]\.until .*must be later than from/],
    [{ failures: [{ ...failure, kind: "dead" }] }, /failures\[0\]\.kind must be one of down, hang/],
    [{ failures: [{ ...failure, servers: [] }] }, /failures\[0\]\.servers must be how many/],
    [{ warm_up: 1, seed: -1 }, /warm_up must .*; seed must/],
  ];
  for (const [value, message] of cases) {
    const error = assertThrows(() => readWorkload(value, "w"), BalancerError);
    assertEquals(error.code, "invalid");
    assert(message.test(error.message), `${JSON.stringify(value)}: ${error.message}`);
  }
  const error = assertThrows(() => readWorkload({ rate: 1, clients: 2 }, "w", { recorded: true }));
  assert(
    /rate cannot be given with an access log, which provides it.*clients cannot/.test(
      String(error),
    ),
  );
});

Deno.test("makePlan() finds servers by name and by URL in any spelling", () => {
  const servers = [
    { url: "http://a", name: "web" },
    { url: "http://b", name: "web" },
    { url: "http://c" },
  ];
  const workload = readWorkload({
    servers: [{ server: "web", concurrency: 5 }, { server: "HTTP://C:80/", concurrency: 0 }],
    failures: [
      { servers: ["c", "web"], kind: "down", from: 0, until: 1 },
      { servers: 2, kind: "down", from: 0, until: 1 },
    ],
    rate: 1,
  }, "w");
  const { models, failures } = makePlan({ config: { servers, healthCheck: {} }, workload });
  assertEquals(models.map(({ concurrency }) => concurrency), [5, 5, Infinity]);
  assertEquals(failures.map((each) => each.servers), [[2, 0, 1], [0, 1]]);
});

Deno.test("makePlan() reports what cannot be simulated", () => {
  const cases: [servers: ReturnType<typeof alike>, workload: unknown, message: RegExp][] = [
    [[], {}, /Cannot use the configuration: servers has no server to simulate/],
    [
      alike(1),
      {
        servers: [{ server: "x" }],
        failures: [{ servers: ["s1", "y"], kind: "down", from: 0, until: 1 }],
      },
      /failures\[0\]\.servers\[1\] "y" is neither .*; servers\[0\]\.server "x" is neither the URL/,
    ],
    [alike(1), { concurrency: 0 }, /load cannot be used if a server has no concurrency limit/],
    [alike(1, { weight: 0 }), {}, /load cannot be used if no server takes requests; give a rate/],
    [alike(1, { draining: true }), {}, /load cannot be used if no server takes requests/],
    [alike(1), { service: { distribution: "recorded" } }, /"recorded" needs .* of an access log/],
  ];
  for (const [servers, workload, message] of cases) {
    const parts = { config: { servers, healthCheck: {} }, workload: readWorkload(workload, "w") };
    const error = assertThrows(() => makePlan(parts), BalancerError);
    assert(message.test(error.message), error.message);
  }
});

Deno.test("makePlan() computes the load from the servers with a weight", () => {
  const servers = [...alike(2), { url: "http://c", weight: 0 }];
  const workload = readWorkload({
    load: 0.5,
    service: { distribution: "constant", mean: 0.1 },
    servers: [{ server: "s2", service: { distribution: "constant", mean: 0.2 }, concurrency: 4 }],
  }, "w");
  assertEquals(makePlan({ config: { servers, healthCheck: {} }, workload }).rate, 0.5 * (10 + 20));
});

Deno.test("readAccessLog() reads durations and clients", () => {
  const line = {
    ...{ time: "2026-01-01T00:00:01.000Z", client: "192.0.2.1", server: "http://a" },
    ...{ queue_ms: 1, total_ms: 3.5 },
  };
  const { times, clients, addresses, durations } = readAccessLog(
    [
      line,
      { ...line, time: "2026-01-01T00:00:00.250Z", client: null, total_ms: 11 },
      { ...line, time: "2026-01-01T00:00:02.000Z", server: null, client: "192.0.2.2" },
      { ...line, time: "2026-01-01T00:00:03.000Z", failure: "incomplete" },
    ].map((each) => JSON.stringify(each)).join("\n") + "\n",
    "log",
  );
  assertEquals([...times], [0, 750, 1750, 2750]);
  assertEquals([...clients], [-1, 0, 1, 0]);
  assertEquals(addresses, ["192.0.2.1", "192.0.2.2"]);
  assertEquals(durations, new Map([["http://a", [10, 2.5]]]));
});

Deno.test("readAccessLog() reports the invalid line", () => {
  const good = '{"time":"2026-01-01T00:00:01Z","queue_ms":0,"total_ms":1}';
  const cases: [text: string, message: RegExp][] = [
    ["", /^Cannot use log: it has no requests$/],
    [
      `${good}\n127.0.0.1 - - [date] "GET /"`,
      /line 2 is not a line of a JSON access log, as written by listen/,
    ],
    ["null", /line 1 /],
    ['{"time":"soon","queue_ms":0,"total_ms":1}', /line 1 /],
    [`${good}\n\n${good.slice(0, 30)}`, /line 3 /],
  ];
  for (const [text, message] of cases) {
    const error = assertThrows(() => readAccessLog(text, "log"), BalancerError);
    assert(message.test(error.message), error.message);
  }
});
