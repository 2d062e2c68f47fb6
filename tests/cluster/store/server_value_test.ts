import { assertEquals, assertStringIncludes } from "@std/assert";
import * as fc from "fast-check";
import { completeServer } from "../../../src/model/server.ts";
import { readServerValue, writeServerValue } from "../../../src/cluster/store/server_value.ts";

const A = "http://127.0.0.1:3001";

Deno.test("readServerValue() reads what writeServerValue() writes", () => {
  const uint32 = fc.nat({ max: 2 ** 32 - 1 });
  const change = fc.record({
    name: fc.constantFrom("a", "ä", "日本", '"', "\\", "\ud83d\ude00"),
    weight: uint32,
    healthCheckPeriod: uint32,
    maxConnections: uint32,
    draining: fc.boolean(),
  }, { requiredKeys: [] });
  fc.assert(fc.property(change, (fields) => {
    const server = completeServer({ url: A, ...fields });
    assertEquals(readServerValue(A, writeServerValue(server)), { server });
  }));
});

Deno.test("writeServerValue() writes the fields of the admin API", () => {
  assertEquals(
    writeServerValue(completeServer({ url: A, weight: 2 })),
    `{"url":"${A}","name":"127.0.0.1:3001","weight":2,"health_check_period":10,` +
      `"max_connections":0,"draining":false}`,
  );
});

Deno.test("readServerValue() fills in the defaults, and the URL of the key", () => {
  assertEquals(readServerValue(A, "{}"), { server: completeServer({ url: A }) });
  assertEquals(
    readServerValue(A, ' { "weight": 3 } '),
    { server: completeServer({ url: A, weight: 3 }) },
  );
  // In any spelling.
  const url = "HTTP://127.0.0.1:3001/";
  assertEquals(readServerValue(A, JSON.stringify({ url })), {
    server: completeServer({ url: A }),
  });
});

/** Invalid keys and values, with their faults. */
const FAULTS: [url: string, value: string, fault: string][] = [
  [A, "", "the value must be JSON"],
  [A, "{", "the value must be JSON"],
  [A, "\ufffd\ufffd", "the value must be JSON"],
  [A, "weight: 3", "the value must be JSON"],
  [A, "3", "the value must be a JSON object"],
  [A, "null", "the value must be a JSON object"],
  [A, "[]", "the value must be a JSON object"],
  [A, '{"weight": -1}', "weight must be a whole number from 0 to 4294967295; not -1"],
  [A, '{"weight": "2", "name": ""}', "name must be text of 1 to 255"],
  [A, '{"wieght": 2}', "wieght is not known here"],
  [A, '{"__proto__": {"weight": 2}}', "__proto__ is not known here"],
  [A, '{"url": "http://127.0.0.1:3002"}', "the url in the value is http://127.0.0.1:3002, and"],
  [A, '{"url": 3}', "url must be a URL"],
  [A, '{"url": null}', "url must be a URL"],
  ["http://127.0.0.1:3001/", "{}", "the key must end with the URL as http://127.0.0.1:3001"],
  ["HTTP://a", "{}", "the key must end with the URL as http://a"],
  ["http://a:80", "{}", "the key must end with the URL as http://a"],
  ["127.0.0.1:3001", "{}", "the key must end with the URL of a server, and it does not begin"],
  ["http://a?b", "{}", "the key must end with the URL of a server, and it contains a query"],
  ["", "{}", "the key must end with the URL of a server, and it does not begin"],
  ["http://" + "a".repeat(3000), "{}", "the key must end with the URL of a server, and it is"],
];

for (const [url, value, fault] of FAULTS) {
  const what = `${url.slice(0, 30)} ${value}`;
  Deno.test(`readServerValue() reports the fault in ${JSON.stringify(what)}`, () => {
    const reading = readServerValue(url, value);
    assertEquals(reading.server, undefined);
    assertStringIncludes(reading.fault!, fault);
  });
}

Deno.test("readServerValue() never throws", () => {
  const url = fc.oneof(fc.constant(A), fc.webUrl(), fc.string({ unit: "binary" }));
  const value = fc.oneof(fc.json(), fc.string({ unit: "binary" }));
  fc.assert(
    fc.property(url, value, (url, value) => {
      const { server, fault } = readServerValue(url, value);
      assertEquals(server === undefined, fault !== undefined);
    }),
    { numRuns: 2000 },
  );
});
