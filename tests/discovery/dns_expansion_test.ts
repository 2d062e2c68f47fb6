import { assertEquals } from "@std/assert";
import { completeServer } from "../../src/model/server.ts";
import { expandSource, relativeWeights } from "../../src/discovery/dns_expansion.ts";

const FOUND = { address: "10.0.0.1", port: undefined, weight: 1, source: "api.test" };

Deno.test("expandSource() puts an address in place of the name, and keeps all else", () => {
  const entry = completeServer({
    url: "http://api.test:8080/base",
    name: "api",
    weight: 3,
    healthCheckPeriod: 7,
    maxConnections: 9,
    draining: true,
    discover: "dns",
  });
  const expanded = {
    ...completeServer({
      url: "http://10.0.0.1:8080/base",
      name: "api 10.0.0.1:8080",
      weight: 3,
      healthCheckPeriod: 7,
      maxConnections: 9,
      draining: true,
    }),
    discoveredBy: "http://api.test:8080/base",
  };
  assertEquals(expandSource(entry, FOUND), expanded);
});

Deno.test("expandSource() writes canonical URLs: IPv6 in brackets, no port that the scheme has", () => {
  const urls = [
    ["https://api.test", { ...FOUND, address: "2001:db8::1" }, "https://[2001:db8::1]"],
    ["http://api.test", { ...FOUND, port: 443 }, "http://10.0.0.1:443"],
    ["http://_http._tcp.api.test", { ...FOUND, port: 80 }, "http://10.0.0.1"],
  ] as const;
  for (const [url, found, expected] of urls) {
    const server = expandSource(completeServer({ url, discover: "dns" }), found);
    assertEquals(server.url, expected);
  }
});

Deno.test("expandSource() multiplies the weights, within what a weight can be", () => {
  const cases = [[0, 5, 0], [2, 3, 6], [4_294_967_295, 65_535, 4_294_967_295]] as const;
  for (const [own, weight, expected] of cases) {
    const entry = completeServer({ url: "http://api.test", weight: own, discover: "dns-srv" });
    assertEquals(expandSource(entry, { ...FOUND, weight }).weight, expected);
  }
});

Deno.test("expandSource() clips a name that would be too long with the address", () => {
  const entry = completeServer({ url: "http://api.test", name: "n".repeat(255), discover: "dns" });
  const { name } = expandSource(entry, FOUND);
  assertEquals([name.length, name.slice(-13)], [255, "n 10.0.0.1:80"]);
});

Deno.test("relativeWeights() keeps the ratios, and counts 0 as 1", () => {
  const cases: [weights: number[], relative: number[]][] = [
    [[], []],
    [[33, 33, 33], [1, 1, 1]],
    [[10, 20, 30], [1, 2, 3]],
    [[0, 0], [1, 1]],
    [[0, 100, 200], [1, 100, 200]],
    [[65_535, 13_107], [5, 1]],
  ];
  for (const [weights, relative] of cases) assertEquals(relativeWeights(weights), relative);
});
