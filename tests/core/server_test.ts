import { assertEquals, assertThrows } from "@std/assert";
import { canonicalServerUrl } from "../../src/core/server.ts";

Deno.test("canonicalServerUrl() brings spellings of one server together", () => {
  const cases: Record<string, string> = {
    "http://127.0.0.1:3001": "http://127.0.0.1:3001",
    "HTTP://Example.COM:80/": "http://example.com",
    "https://example.com:443/app/": "https://example.com/app",
    "http://example.com/a/../b//": "http://example.com/b",
    "http://[::1]:8080": "http://[::1]:8080",
    "http://[0:0:0:0:0:0:0:1]:8080/": "http://[::1]:8080",
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
