import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { BalancerError } from "../../../src/model/errors.ts";
import { completeServer } from "../../../src/model/server.ts";
import { parseServer, serverValue } from "../../../src/cluster/store/server_value.ts";

const A = "http://127.0.0.1:3001";

Deno.test("parseServer() reads what serverValue() writes", () => {
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
    assertEquals(parseServer(A, serverValue(server)), server);
  }));
});

Deno.test("serverValue() writes the fields of the admin API", () => {
  assertEquals(
    serverValue(completeServer({ url: A, weight: 2 })),
    `{"url":"${A}","name":"127.0.0.1:3001","weight":2,"health_check_period":10,` +
      `"max_connections":0,"draining":false}`,
  );
});

Deno.test("parseServer() fills in the defaults, and the URL of the key", () => {
  assertEquals(parseServer(A, "{}"), completeServer({ url: A }));
  assertEquals(parseServer(A, ' { "weight": 3 } '), completeServer({ url: A, weight: 3 }));
  // In any spelling.
  const url = "HTTP://127.0.0.1:3001/";
  assertEquals(parseServer(A, JSON.stringify({ url })), completeServer({ url: A }));
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
  Deno.test(`parseServer() reports the fault in ${JSON.stringify(what)}`, () => {
    const { code } = assertThrows(() => parseServer(url, value), BalancerError, fault);
    assertEquals(code, "invalid");
  });
}

Deno.test("parseServer() throws nothing but faults", () => {
  const url = fc.oneof(fc.constant(A), fc.webUrl(), fc.string({ unit: "binary" }));
  const value = fc.oneof(fc.json(), fc.string({ unit: "binary" }));
  fc.assert(
    fc.property(url, value, (url, value) => {
      try {
        assertEquals(parseServer(url, value).url, url);
      } catch (error) {
        assert(error instanceof BalancerError && error.code === "invalid", String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
