import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { BalancerError } from "../../src/model/errors.ts";
import { parseConfig } from "../../src/config/config.ts";
import { LoadBalancer } from "../../src/balancer/load_balancer.ts";
import { TrustedProxies } from "../../src/proxy/trusted_proxies.ts";

const TRUSTED = new TrustedProxies(["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"]);

Deno.test("TrustedProxies.has() recognizes addresses inside and outside of the list", () => {
  for (const address of ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::5", "192.0.2.7"]) {
    assertEquals(TRUSTED.has(address), true, address);
  }
  for (const address of ["11.0.0.1", "::1", "2001:db9::", "", "10.1.2", "unknown", undefined]) {
    assertEquals(TRUSTED.has(address), false, address);
  }
});

const PEER = "10.0.0.1";
const CLIENTS: [forwardedFor: string | null, client: string][] = [
  [null, PEER],
  ["", PEER],
  [",, ,", PEER],
  ["198.51.100.1", "198.51.100.1"],
  // Addresses left of the first untrusted one are claims.
  ["1.2.3.4, 198.51.100.1", "198.51.100.1"],
  ["10.9.9.9, 198.51.100.1", "198.51.100.1"],
  ["198.51.100.1, 10.0.0.2, 2001:db8::9", "198.51.100.1"],
  ["198.51.100.1,10.0.0.2\t,", "198.51.100.1"],
  // All are trusted: the client is inside.
  ["10.0.0.3, 10.0.0.2", "10.0.0.3"],
  // IPv6, in common spellings.
  ["2001:DB9:0::1", "2001:db9::1"],
  ["[2001:db9::1]", "2001:db9::1"],
  ["[2001:db9::1]:443", "2001:db9::1"],
  ["::ffff:198.51.100.1", "198.51.100.1"],
  ["198.51.100.1, ::ffff:10.0.0.2", "198.51.100.1"],
  ["198.51.100.1:51234", "198.51.100.1"],
  ["198.51.100.1, 10.0.0.2:80", "198.51.100.1"],
  // A member that is no address ends the search.
  ["unknown", PEER],
  ["198.51.100.1, unknown", PEER],
  ["198.51.100.1, 300.1.1.1, 10.0.0.2", "10.0.0.2"],
  ["198.51.100.1, _hidden, 10.0.0.2", "10.0.0.2"],
  ["198.51.100.1 10.0.0.2", PEER],
  ["198.51.100.1, [10.0.0.2]", PEER],
  ["198.51.100.1, 10.0.0.2:", PEER],
  ["198.51.100.1, 10.0.0.2:123456", PEER],
  ["[::1", PEER],
  ["[]", PEER],
  [":80", PEER],
  ["198.51.100.1%eth0", PEER],
];

Deno.test("TrustedProxies.clientAddress() is the right-most address that is not trusted", () => {
  for (const [forwardedFor, client] of CLIENTS) {
    assertEquals(TRUSTED.clientAddress(PEER, forwardedFor), client, String(forwardedFor));
  }
});

Deno.test("TrustedProxies.clientAddress() ignores the claims of an untrusted peer", () => {
  assertEquals(TRUSTED.clientAddress("198.51.100.9", "1.2.3.4"), "198.51.100.9");
  assertEquals(TRUSTED.clientAddress(undefined, "1.2.3.4"), undefined);
});

Deno.test("TrustedProxies.clientAddress() is the first that a walk from the right finds", () => {
  const element = fc.oneof(
    fc.ipV4(),
    fc.nat(255).map((last) => `10.0.0.${last}`),
    fc.constantFrom("unknown", "", "1.2.3", "x"),
  );
  fc.assert(fc.property(fc.array(element), (elements) => {
    let expected = PEER;
    for (const text of elements.filter((text) => text !== "").reverse()) {
      if (text.split(".").length !== 4) break;
      expected = text;
      if (!text.startsWith("10.")) break;
    }
    assertEquals(TRUSTED.clientAddress(PEER, elements.join(", ")), expected);
  }));
});

Deno.test("TrustedProxies.clientAddress() accepts any text, in time proportional to its length", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const client = TRUSTED.clientAddress(PEER, text);
    assertEquals(new TrustedProxies([client!]).has(client), true);
  }));
  for (const text of [",", "[", ":", "1", "10.0.0.1,", " "]) {
    TRUSTED.clientAddress(PEER, text.repeat(100_000));
  }
});

Deno.test("parseConfig() names every trusted proxy that is invalid", () => {
  const yaml = `trusted_proxies: [10.0.0.0/8, 300.1.1.1, "10.0.0.1/8", 7, "::/129"]\nservers: []\n`;
  const { faults } = assertThrows(() => parseConfig(yaml), BalancerError);
  const must = "it must be an IP address or a CIDR block such as 10.0.0.0/8";
  assertEquals(faults, [
    {
      path: "trusted_proxies[1]",
      message: `"300.1.1.1" is neither an IP address nor a CIDR block; ${must}`,
    },
    {
      path: "trusted_proxies[2]",
      message: '"10.0.0.1/8" has bits set behind its prefix; write 10.0.0.0/8 for the block, ' +
        `or the address alone; ${must}`,
    },
    { path: "trusted_proxies[3]", message: `${must.slice(3)}; not 7` },
    {
      path: "trusted_proxies[4]",
      message: `"::/129" has a prefix length that is no whole number from 0 to 128; ${must}`,
    },
  ]);
});

Deno.test("LoadBalancer rejects an invalid trusted proxy", () => {
  const error = assertThrows(
    () => new LoadBalancer({ trustedProxies: ["10.0.0.0/8", "localhost"] }),
    BalancerError,
    'Cannot use the options: trustedProxies[1] "localhost" is neither an IP address',
  );
  assertEquals(error.code, "invalid");
});
