import { assertEquals, assertThrows } from "@std/assert";
import { canonicalServerUrl, completeServer } from "../../src/model/server.ts";

Deno.test("canonicalServerUrl() brings spellings of one server together", () => {
  const cases: Record<string, string> = {
    "http://127.0.0.1:3001": "http://127.0.0.1:3001",
    "HTTP://Example.COM:80/": "http://example.com",
    "https://example.com:443/app/": "https://example.com/app",
    "http://example.com/a/../b//": "http://example.com/b",
    "http://[::1]:8080": "http://[::1]:8080",
    "http://[0:0:0:0:0:0:0:1]:8080/": "http://[::1]:8080",
    "http://[::FFFF:127.0.0.1]": "http://[::ffff:7f00:1]",
    "http://my_app.default.svc.:80": "http://my_app.default.svc.",
    "http://Bücher.example": "http://xn--bcher-kva.example",
    "http://1e100.example:8": "http://1e100.example:8",
  };
  for (const [given, canonical] of Object.entries(cases)) {
    assertEquals(canonicalServerUrl(given), canonical);
    assertEquals(canonicalServerUrl(canonical), canonical);
  }
});

Deno.test("canonicalServerUrl() refuses what is not a server's URL", () => {
  const cases = [
    "",
    "example.com",
    "//example.com",
    "ftp://example.com",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "http://",
    "http:example.com",
    "http://user@example.com",
    "http://user:secret@example.com",
    "http://@example.com",
    "http://example.com?",
    "http://example.com/?a=1",
    "http://example.com/#a",
    "http://example.com:0",
    "http://example.com:99999",
    "http://example.com\\evil",
    "http://exa\tmple.com",
    "http://example.com\r\nHost: evil",
    " http://example.com",
    "http://example.com\u0000",
    `http://example.com/${"a".repeat(3000)}`,
  ];
  for (const text of cases) assertThrows(() => canonicalServerUrl(text), TypeError);
});

Deno.test("canonicalServerUrl() refuses IPv4 in notations that programs read differently", () => {
  const hosts = [
    "127.0.0.010",
    "0127.0.0.1",
    "127.0.0.00",
    "0x7f.0.0.1",
    "0x7f000001",
    "2130706433",
  ];
  const others = ["127.1", "127.0.1", "127.0.0.1.", "127.0.0.%31", "１２７.0.0.1", "0"];
  for (const host of [...hosts, ...others]) {
    for (const rest of ["", ":3001", "/app"]) {
      assertThrows(
        () => canonicalServerUrl(`http://${host}${rest}`),
        TypeError,
        "has an IPv4 address that is not written as four decimal numbers without leading zeros",
        host,
      );
    }
  }
});

Deno.test("canonicalServerUrl() refuses a port with a leading zero", () => {
  for (const url of ["http://a:0443", "https://[::1]:08/x", "http://127.0.0.1:00080"]) {
    assertThrows(() => canonicalServerUrl(url), TypeError, "has a port with a leading zero", url);
  }
});

Deno.test("canonicalServerUrl() refuses what is the name of no host", () => {
  const label = "a".repeat(64);
  const name = Array.from({ length: 64 }, () => "aaa").join(".");
  const hosts = ["${BACKEND}", "$BACKEND", "{{host}}", "a!b", "a*", "a..b", ".a", "a,b", "a=b"];
  for (const host of [...hosts, `${label}.test`, name, "ex%61mple.com", "(a)", "a'b", "/a", "~a"]) {
    assertThrows(
      () => canonicalServerUrl(`http://${host}:3001`),
      TypeError,
      "has a host that is neither a name nor an IP address",
      host,
    );
  }
});

Deno.test("completeServer() fills in the defaults, in the order of the fields", () => {
  const server = completeServer({ maxConnections: 5, url: "HTTP://example.com:80/" });
  assertEquals(Object.entries(server), [
    ["url", "http://example.com"],
    ["name", "example.com"],
    ["weight", 1],
    ["healthCheckPeriod", 10],
    ["maxConnections", 5],
    ["draining", false],
  ]);
  assertThrows(() => Object.assign(server, { weight: 2 }), TypeError);
});

Deno.test("completeServer() keeps how a source discovers servers, and what discovered a server", () => {
  const source = completeServer({ url: "http://example.com", discover: "dns" });
  assertEquals(source.discover, "dns");
  const found = completeServer({ url: "http://127.0.0.1", discoveredBy: source.url });
  assertEquals(Object.keys(found).at(-1), "discoveredBy");
});
