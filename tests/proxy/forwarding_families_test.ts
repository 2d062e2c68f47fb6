import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { parseForwarded } from "../../src/proxy/forwarded_header.ts";
import { ForwardingFields, trustedClientAddress } from "../../src/proxy/forwarding.ts";
import { parseForwardedFor, TrustedProxies } from "../../src/proxy/trusted_proxies.ts";

const TRUSTED = new TrustedProxies(["10.0.0.0/8", "2001:db8::/32"]);
const PEER = { clientAddress: "10.0.0.1", host: "own.example", scheme: "http" };

type Fields = Record<string, string>;

/** The fields that the server receives for the fields of a trusted peer. */
function passedOn(received: Fields, peer = PEER): Fields {
  const fields = new ForwardingFields(TRUSTED);
  for (const [name, value] of Object.entries(received)) fields.take(name, value);
  return Object.fromEntries(fields.toUpstream(peer));
}

const FOR = "x-forwarded-for";
const HOST = "x-forwarded-host";
const PROTO = "x-forwarded-proto";

/** The four fields for the server, as [X-Forwarded-For, -Host, -Proto, Forwarded]. */
const CASES: [what: string, received: Fields, sent: [string, string, string, string]][] = [
  ["only a scheme", { [PROTO]: "https" }, [
    "10.0.0.1",
    "own.example",
    "https",
    'for=10.0.0.1;host="own.example";proto=https',
  ]],
  ["only a host", { [HOST]: "shop.example" }, [
    "10.0.0.1",
    "shop.example",
    "http",
    'for=10.0.0.1;host="shop.example";proto=http',
  ]],
  ["only addresses", { [FOR]: "192.0.2.1:5, ::1, nobody, _x" }, [
    "192.0.2.1:5, ::1, nobody, _x, 10.0.0.1",
    "own.example",
    "http",
    'for="192.0.2.1:5";host="own.example";proto=http, for="[::1]", for=unknown, for=_x, ' +
    'for=10.0.0.1;host="own.example";proto=http',
  ]],
  ["an address and a scheme", { [FOR]: "192.0.2.1", [PROTO]: "https" }, [
    "192.0.2.1, 10.0.0.1",
    "own.example",
    "https",
    'for=192.0.2.1;host="own.example";proto=https, for=10.0.0.1;host="own.example";proto=https',
  ]],
  ["only Forwarded", { forwarded: 'for="[::1]:80";by=_b;proto=https;host=shop.example' }, [
    "::1, 10.0.0.1",
    "shop.example",
    "https",
    'for="[::1]:80";by=_b;proto=https;host=shop.example, ' +
    'for=10.0.0.1;host="shop.example";proto=https',
  ]],
  [
    "Forwarded of two proxies",
    { forwarded: "for=192.0.2.1;proto=https, for=10.0.0.2;proto=http" },
    [
      "192.0.2.1, 10.0.0.2, 10.0.0.1",
      "own.example",
      "https",
      'for=192.0.2.1;host="own.example";proto=https, for=10.0.0.2, ' +
      'for=10.0.0.1;host="own.example";proto=https',
    ],
  ],
  ["Forwarded with a scheme only", { forwarded: "proto=https" }, [
    "10.0.0.1",
    "own.example",
    "https",
    'for=10.0.0.1;host="own.example";proto=https',
  ]],
  ["Forwarded with a scheme, and addresses", { forwarded: "proto=https", [FOR]: "192.0.2.1" }, [
    "192.0.2.1, 10.0.0.1",
    "own.example",
    "https",
    'for=192.0.2.1;host="own.example";proto=https, for=10.0.0.1;host="own.example";proto=https',
  ]],
  ["what a client claims left of its address", {
    forwarded: "for=1.1.1.1;proto=https;host=evil, for=192.0.2.1;proto=http",
  }, [
    "1.1.1.1, 192.0.2.1, 10.0.0.1",
    "own.example",
    "http",
    'for=1.1.1.1;host="own.example";proto=http, for=192.0.2.1;host="own.example";proto=http, ' +
    'for=10.0.0.1;host="own.example";proto=http',
  ]],
  ["a client's Forwarded that a proxy let pass", {
    forwarded: "for=1.1.1.1;host=evil;proto=http",
    [FOR]: "192.0.2.1",
    [PROTO]: "https",
  }, [
    "192.0.2.1, 10.0.0.1",
    "own.example",
    "https",
    'for=192.0.2.1;host="own.example";proto=https, for=10.0.0.1;host="own.example";proto=https',
  ]],
  ["lists, to which each proxy appended", {
    [FOR]: "1.1.1.1, 192.0.2.1, 10.0.0.2",
    [PROTO]: "http, https, http",
    [HOST]: "evil, shop.example, inner",
  }, [
    "1.1.1.1, 192.0.2.1, 10.0.0.2, 10.0.0.1",
    "shop.example",
    "https",
    'for=1.1.1.1;host="shop.example";proto=https, for=192.0.2.1;host="shop.example";proto=https, ' +
    'for=10.0.0.2, for=10.0.0.1;host="shop.example";proto=https',
  ]],
];

Deno.test("ForwardingFields.toUpstream() writes the same content in both families", () => {
  for (const [what, received, [xFor, xHost, xProto, forwarded]] of CASES) {
    const sent = { [FOR]: xFor, [HOST]: xHost, [PROTO]: xProto, forwarded };
    assertEquals(passedOn(received), sent, what);
  }
});

Deno.test("ForwardingFields.toUpstream() forwards a chain of limited length", () => {
  const members = Array.from({ length: 30_000 }, (_, at) => String(at));
  const sent = passedOn({ [FOR]: members.join(",") });
  assertEquals(sent[FOR], [...members.slice(-64), "10.0.0.1"].join(", "));
  assertEquals(sent.forwarded!.split(", ").length, 65);
  const element = 'for="[::1]"';
  for (const count of [64, 65, 5000]) {
    const { forwarded } = passedOn({ forwarded: Array(count).fill(element).join(",") });
    assertEquals(forwarded!.split(element).length - 1, count === 64 ? 64 : 0);
  }
});

const member = fc.oneof(
  fc.ipV4(),
  fc.ipV6().filter((text) => !text.includes(".")),
  fc.nat(255).map((last) => `10.0.0.${last}`),
  fc.constantFrom("unknown", "_hidden", "", "a b", '"', "<x>", "192.0.2.1:80", "[::1]:443"),
);
const host = fc.constantFrom("a.example", "B.example:8443", "[::1]:80", "own.example");
const proto = fc.constantFrom("http", "https", "HTTPS", "wss");
const pair = fc.oneof(
  fc.oneof(fc.ipV4(), fc.constantFrom("10.0.0.9", "unknown", "_a", '"[::1]:5"', "oops"))
    .map((text) => `for=${text}`),
  host.map((text) => `host="${text}"`),
  proto.map((text) => `Proto=${text}`),
  fc.constantFrom("by=_me", "secret=1", 'x="a, b"'),
);
const element = fc.array(pair, { minLength: 1, maxLength: 4 }).map((pairs) => pairs.join(";"));

function listOf(items: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.array(items, { maxLength: 4 }).map((list) => list.join(", "));
}

const received = fc.record({
  [FOR]: listOf(member),
  [HOST]: fc.oneof(listOf(host), fc.constant("a b")),
  [PROTO]: fc.oneof(listOf(proto), fc.constant("https:")),
  forwarded: fc.oneof({ weight: 5, arbitrary: listOf(element) }, fc.string()),
}, { requiredKeys: [] });

/** Index of the last trusted proxy in a walk from the right. */
function lastTrusted(addresses: readonly (Uint8Array | undefined)[]): number {
  let at = addresses.length - 1;
  while (at > 0 && addresses[at - 1] !== undefined && TRUSTED.has(addresses[at]!.join("."))) at--;
  return at;
}

Deno.test("ForwardingFields.toUpstream(): every way to read one family finds the same in the other", () => {
  fc.assert(
    fc.property(received, (fields) => {
      const sent = passedOn(fields as Fields);
      const addresses = sent[FOR]!.split(", ").map((text) => parseForwardedFor(text));
      const elements = parseForwarded(sent.forwarded!)!;
      assertEquals(elements.map(({ address }) => address), addresses);
      // Servers that read the first element, the last one, or the one by which proxies they trust.
      for (const at of [0, elements.length - 1, lastTrusted(addresses)]) {
        // If it has no value, no proxy in front of this one has set any.
        const { host = PEER.host, proto = PEER.scheme } = elements[at]!;
        assertEquals([at, host.toLowerCase()], [at, sent[HOST]!.toLowerCase()]);
        assertEquals([at, proto.toLowerCase()], [at, sent[PROTO]!.toLowerCase()]);
      }
      // Servers that take the first of each parameter, at any position, or require that all are
      // equal.
      for (const { host, proto } of elements) {
        assertEquals(host?.toLowerCase() ?? sent[HOST]!.toLowerCase(), sent[HOST]!.toLowerCase());
        assertEquals(
          proto?.toLowerCase() ?? sent[PROTO]!.toLowerCase(),
          sent[PROTO]!.toLowerCase(),
        );
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("trustedClientAddress() is the client in the fields for the server", () => {
  fc.assert(
    fc.property(received, (fields) => {
      const printable = Object.entries(fields).filter(([, text]) => /^[ -~]*$/.test(text!));
      const headers = new Headers(printable as [string, string][]);
      const sent = passedOn(Object.fromEntries(headers));
      assertEquals(
        trustedClientAddress(TRUSTED, PEER.clientAddress, headers),
        TRUSTED.clientAddress(PEER.clientAddress, sent[FOR]!),
      );
    }),
    { numRuns: 2000 },
  );
  const claimed = new Headers({ forwarded: "for=1.1.1.1" });
  assertEquals(trustedClientAddress(TRUSTED, "192.0.2.9", claimed), "192.0.2.9");
  assertEquals(trustedClientAddress(TRUSTED, undefined, claimed), undefined);
});
