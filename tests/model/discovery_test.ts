import { assertEquals, assertMatch } from "@std/assert";
import { discoverFault, knownAuthority, knownHost } from "../../src/model/discovery.ts";
import { completeServer, type Server } from "../../src/model/server.ts";

function found(url: string, discoveredBy: string): Server {
  return completeServer({ url, discoveredBy });
}

Deno.test("discoverFault() takes names, and ports with dns only", () => {
  for (
    const url of ["http://api.default.svc:8080", "https://Api/base", "http://api.", "http://a_b"]
  ) {
    assertEquals(discoverFault(url, "dns"), undefined, url);
  }
  assertEquals(discoverFault("http://_http._tcp.api.service.consul/a:b", "dns-srv"), undefined);
});

Deno.test("discoverFault() says what cannot be looked up", () => {
  const cases: [url: string, kind: "dns" | "dns-srv", fault: RegExp][] = [
    ["http://127.0.0.1:8080", "dns", /^has an IP address, /],
    ["http://[::1]", "dns-srv", /^has an IP address, /],
    ["http://_http._tcp.api:8080", "dns-srv", /^has a port, /],
    // The scheme's default port is a port as well.
    ["http://_http._tcp.api:80/", "dns-srv", /^has a port, /],
  ];
  for (const [url, kind, fault] of cases) assertMatch(discoverFault(url, kind) ?? "", fault, url);
});

Deno.test("knownHost() is the name that was looked up, and without the service of SRV records", () => {
  const cases: [url: string, discoveredBy: string, host: string, authority: string][] = [
    ["https://10.0.0.1", "https://api.test", "api.test", "api.test"],
    ["http://10.0.0.1:81", "http://api.test:81", "api.test", "api.test:81"],
    ["http://[::1]:81", "http://_http._tcp.api.test", "api.test", "api.test:81"],
    ["http://10.0.0.1:81", "http://api.test.:81", "api.test", "api.test:81"],
  ];
  for (const [url, discoveredBy, host, authority] of cases) {
    assertEquals(knownHost(found(url, discoveredBy)), host);
    assertEquals(knownAuthority(found(url, discoveredBy)), authority);
  }
  const own = completeServer({ url: "http://[::1]:81" });
  assertEquals([knownHost(own), knownAuthority(own)], ["[::1]", "[::1]:81"]);
});
