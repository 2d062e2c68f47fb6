import { assertEquals } from "@std/assert";
import { addressAndPort, parseNameServer } from "../../src/model/name_server.ts";

Deno.test("parseNameServer() reads addresses with and without a port", () => {
  const cases: [text: string, address: string, port: number][] = [
    ["127.0.0.1:8600", "127.0.0.1", 8600],
    ["10.0.0.10", "10.0.0.10", 53],
    ["::1", "::1", 53],
    ["[::1]", "::1", 53],
    ["[2001:DB8:0::1]:65535", "2001:db8::1", 65_535],
  ];
  for (const [text, address, port] of cases) {
    assertEquals(parseNameServer(text), { address, port }, text);
  }
});

Deno.test("parseNameServer() takes nothing else", () => {
  const wrong = ["", "consul", "consul:8600", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536"];
  const more = ["[127.0.0.1]:53", "[::1", "::1]:53", "127.0.0.1:08600", "1.2.3:53", " 127.0.0.1"];
  for (const text of [...wrong, ...more]) assertEquals(parseNameServer(text), undefined, text);
});

Deno.test("addressAndPort() puts IPv6 into brackets", () => {
  assertEquals(addressAndPort("127.0.0.1", 53), "127.0.0.1:53");
  assertEquals(addressAndPort("::1", 53), "[::1]:53");
});
