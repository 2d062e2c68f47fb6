import { assertEquals } from "@std/assert";
import { StateTable } from "../../src/state/state_table.ts";
import { allocateMemory } from "../../src/state/table_memory.ts";
import { Deadlines } from "../../src/runtime/deadlines.ts";
import { Registry } from "../../src/state/registry.ts";
import { ProxyHandler } from "../../src/proxy/handler.ts";
import { TrustedProxies } from "../../src/proxy/trusted_proxies.ts";
import { WebSockets } from "../../src/proxy/websockets.ts";
import { systemClock } from "../../src/runtime/system_clock.ts";
import { serveBalancer } from "../testing/balancer.ts";
import { exchangeRaw } from "../testing/raw_client.ts";
import { answering } from "../testing/raw_server.ts";
import { DEFAULT_SETTINGS } from "../testing/settings.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** The forwarding fields that a server receives for a request with these field lines. */
async function forwardedBy(
  lines: readonly string[],
  trustedProxies: readonly string[],
): Promise<Record<string, string>> {
  await using server = answering(OK);
  await using served = await serveBalancer([server.url], { trustedProxies });
  const fields = ["Host: example.com", "Connection: close", ...lines];
  await exchangeRaw(served.url, `GET / HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`);
  const [, ...received] = server.connections[0]!.received().trim().split("\r\n");
  const pairs = received.map((line) => /^([^:]*): (.*)$/.exec(line)!.slice(1, 3));
  return Object.fromEntries(pairs.filter(([name]) => /^(x-)?forwarded/.test(name!)));
}

/** The fields that are sent if nothing is trusted. */
const OWN = {
  "x-forwarded-for": "127.0.0.1",
  "x-forwarded-host": "example.com",
  "x-forwarded-proto": "http",
  "forwarded": 'for=127.0.0.1;host="example.com";proto=http',
};

const SHOP = 'host="shop.example:8443";proto=https';

const CLAIMS = [
  "X-Forwarded-For: 198.51.100.1, 10.0.0.2",
  "X-Forwarded-Host: shop.example:8443",
  "X-Forwarded-Proto: https",
  'Forwarded: for=198.51.100.1;host="shop.example:8443";proto=https, for="[2001:db8::1]:80"',
];

Deno.test("ProxyHandler.fetch() replaces the claims of an untrusted peer", async () => {
  assertEquals(await forwardedBy(CLAIMS, []), OWN);
  assertEquals(await forwardedBy(CLAIMS, ["10.0.0.0/8", "127.0.0.2", "::1"]), OWN);
});

Deno.test("ProxyHandler.fetch() appends to the claims of a trusted peer", async () => {
  for (const trusted of ["127.0.0.0/8", "127.0.0.1", "::ffff:127.0.0.1"]) {
    assertEquals(await forwardedBy(CLAIMS, ["10.0.0.0/8", trusted]), {
      "x-forwarded-for": "198.51.100.1, 10.0.0.2, 127.0.0.1",
      "x-forwarded-host": "shop.example:8443",
      "x-forwarded-proto": "https",
      // The two families contradict each other in the second address.
      "forwarded": `for=198.51.100.1;${SHOP}, for=10.0.0.2, for=127.0.0.1;${SHOP}`,
    });
  }
});

Deno.test("ProxyHandler.fetch() adds what a trusted peer leaves out", async () => {
  assertEquals(await forwardedBy([], ["127.0.0.1"]), OWN);
});

Deno.test("ProxyHandler.fetch() puts a trusted peer's X-Forwarded-* into Forwarded", async () => {
  assertEquals(await forwardedBy(["X-Forwarded-Proto: https"], ["127.0.0.1"]), {
    ...OWN,
    "x-forwarded-proto": "https",
    "forwarded": 'for=127.0.0.1;host="example.com";proto=https',
  });
  assertEquals(await forwardedBy([`Forwarded: for=192.0.2.1;${SHOP}`], ["127.0.0.1"]), {
    "x-forwarded-for": "192.0.2.1, 127.0.0.1",
    "x-forwarded-host": "shop.example:8443",
    "x-forwarded-proto": "https",
    "forwarded": `for=192.0.2.1;${SHOP}, for=127.0.0.1;${SHOP}`,
  });
});

Deno.test("ProxyHandler.fetch() joins the lines of a trusted peer in their order", async () => {
  const lines = ["X-Forwarded-For: 1.2.3.4", "X-Forwarded-For: 5.6.7.8"];
  const { "x-forwarded-for": addresses } = await forwardedBy(lines, ["127.0.0.1"]);
  assertEquals(addresses, "1.2.3.4, 5.6.7.8, 127.0.0.1");
});

/** Values that are malformed, or to which nothing can be appended. */
const MALFORMED: [name: string, values: string[]][] = [
  ["X-Forwarded-Host", ["a b", "a/b", "user@a", "a,", '"a"', "<a>", ""]],
  ["X-Forwarded-Proto", ["https:", "9p", "a b", '"https"', "https,", "<a>", ""]],
  ["Forwarded", [
    'for="198.51.100.1',
    'for="a\\"',
    "for=",
    "=a",
    "for",
    "for=[2001:db8::1]",
    "for=a for=b",
    "for=a;",
    "for=a,",
    ",for=a",
    "for=a;;by=b",
    'for="a"b',
    "",
    // RFC 7239 §4: a parameter at most once in an element.
    "proto=http;proto=http",
    "for=_a;FOR=_a",
    "for=_a, for=_b;x=1;x=2",
    // RFC 7239 §6: a node is an address, unknown or begins with an underscore.
    'by="[::1]:"',
    "by=b",
    "for=b",
    'for="\\",";proto=https',
    "for=127.0.0.1.5",
    'for="2001:db8::1"',
    'for="[127.0.0.1]"',
    'for="127.0.0.1:123456"',
    'for="127.0.0.1:_"',
    "for=_",
    // RFC 7239 §5.3, §5.4.
    'host="a b"',
    'host=""',
    'host="user@a"',
    'proto="a b"',
    "proto=9p",
  ]],
];

Deno.test("ProxyHandler.fetch() replaces malformed fields, even from a trusted peer", async () => {
  for (const [name, values] of MALFORMED) {
    for (const value of values) {
      assertEquals(
        await forwardedBy([`${name}: ${value}`], ["127.0.0.1"]),
        OWN,
        `${name}: ${value}`,
      );
    }
  }
});

Deno.test("ProxyHandler.fetch() keeps every well-formed Forwarded of a trusted peer", async () => {
  const values = [
    "for=_a;By=_b",
    'for="_\\a" , for=_b',
    "for=unknown; proto=http,for=_a",
    'for="[2001:db8::1]:_x";by="192.0.2.1:80";secret="a,;\\"b"',
  ];
  for (const value of values) {
    const { forwarded } = await forwardedBy([`Forwarded: ${value}`], ["127.0.0.1"]);
    assertEquals(forwarded, `${value}, ${OWN.forwarded}`);
  }
});

/** The client's address as seen by the policy. */
async function addressForPolicy(peer: string, trusted: string[]): Promise<string | undefined> {
  const table = new StateTable(allocateMemory(4, 1));
  const registry = new Registry(table);
  registry.add({ url: "http://127.0.0.1:1" });
  let seen: string | undefined;
  const handler = new ProxyHandler({
    registry,
    table,
    settings: DEFAULT_SETTINGS,
    report: () => {},
    webSockets: new WebSockets({ deadlines: new Deadlines(systemClock), clock: systemClock }),
    policy: {
      pick(candidates, _table, { clientAddress }): number {
        seen = clientAddress;
        return candidates.slots[0]!;
      },
    },
    transport: {
      send: () => Promise.reject(new Error("not here")),
      upgrade: () => Promise.reject(new Error("not here")),
      forget: () => {},
      connections: () => ({ open: 0, idle: 0 }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
    deadlines: new Deadlines(systemClock),
    trustedProxies: trusted.length > 0 ? new TrustedProxies(trusted) : undefined,
  });
  const headers = { "x-forwarded-for": "1.2.3.4, 198.51.100.1, 10.0.0.2" };
  const request = new Request("http://a/", { headers });
  await handler.fetch(request, { remoteAddr: { transport: "tcp", hostname: peer } });
  return seen;
}

Deno.test("ProxyHandler.fetch() passes the client's address to the policy", async () => {
  assertEquals(await addressForPolicy("10.0.0.1", []), "10.0.0.1");
  assertEquals(await addressForPolicy("::ffff:10.0.0.1", []), "10.0.0.1");
  assertEquals(await addressForPolicy("10.0.0.1", ["10.0.0.0/8"]), "198.51.100.1");
  assertEquals(await addressForPolicy("::ffff:10.0.0.1", ["10.0.0.0/8"]), "198.51.100.1");
  assertEquals(await addressForPolicy("192.0.2.1", ["10.0.0.0/8"]), "192.0.2.1");
});
