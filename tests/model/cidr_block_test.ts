import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CidrBlock } from "../../src/model/cidr_block.ts";
import { formatIpAddress, parseIpAddress } from "../../src/model/ip_address.ts";

function contains(block: string, address: string): boolean {
  return CidrBlock.parse(block).contains(parseIpAddress(address)!);
}

Deno.test("CidrBlock.contains() compares the leading bits", () => {
  const cases: [block: string, inside: string[], outside: string[]][] = [
    ["10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"], [
      "9.255.255.255",
      "11.0.0.0",
    ]],
    ["10.0.0.0/9", ["10.127.255.255"], ["10.128.0.0"]],
    ["192.0.2.4/31", ["192.0.2.4", "192.0.2.5"], ["192.0.2.3", "192.0.2.6"]],
    ["192.0.2.1", ["192.0.2.1"], ["192.0.2.0", "192.0.2.2"]],
    ["192.0.2.1/32", ["192.0.2.1"], ["192.0.2.0"]],
    ["0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::", "::1"]],
    ["::/0", ["::", "2001:db8::1"], ["10.0.0.1", "::ffff:10.0.0.1"]],
    ["2001:db8::/33", ["2001:db8:7fff::"], ["2001:db8:8000::", "2001:db9::"]],
    ["::1", ["::1"], ["::2", "0.0.0.1"]],
    ["::ffff:10.0.0.0/104", ["10.1.2.3", "::ffff:10.1.2.3"], ["11.0.0.0"]],
    ["::ffff:10.0.0.1", ["10.0.0.1"], ["10.0.0.2"]],
    ["::ffff:0:0/96", ["10.0.0.1"], ["::1"]],
  ];
  for (const [block, inside, outside] of cases) {
    for (const address of inside) assertEquals(contains(block, address), true, address);
    for (const address of outside) assertEquals(contains(block, address), false, address);
  }
});

Deno.test("CidrBlock.parse() says what is wrong", () => {
  const notOne = "is neither an IP address nor a CIDR block";
  const cases: Record<string, string> = {
    "": notOne,
    "/8": notOne,
    "10.0.0.0/8/8": notOne,
    "300.1.1.1/8": notOne,
    "010.0.0.0/8": notOne,
    "fe80::1%eth0": notOne,
    "[::1]": notOne,
    "localhost": notOne,
    "10.0.0.0/": "has a prefix length that is no whole number from 0 to 32",
    "10.0.0.0/33": "has a prefix length that is no whole number from 0 to 32",
    "10.0.0.0/08": "has a prefix length that is no whole number from 0 to 32",
    "10.0.0.0/-1": "has a prefix length that is no whole number from 0 to 32",
    "10.0.0.0/255.0.0.0": "has a prefix length that is no whole number from 0 to 32",
    "::/129": "has a prefix length that is no whole number from 0 to 128",
    "10.0.0.1/8":
      "has bits set behind its prefix; write 10.0.0.0/8 for the block, or the address alone",
    "2001:db8::1/32":
      "has bits set behind its prefix; write 2001:db8::/32 for the block, or the address alone",
    "::ffff:10.0.0.0/95": "has addresses that are IPv4 and others; begin at /96",
  };
  for (const [text, message] of Object.entries(cases)) {
    const error = assertThrows(() => CidrBlock.parse(text), TypeError);
    assertEquals(error.message, message, text);
  }
});

/** An address as a string of its bits, the slow way. */
function toBits(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
}

const family = fc.constantFrom(4, 16);

Deno.test("CidrBlock.contains() does what comparing strings of bits does", () => {
  const pairs = family.chain((length) =>
    fc.record({
      base: fc.uint8Array({ minLength: length, maxLength: length }),
      bits: fc.nat(length * 8),
      // Few random addresses share a prefix, so this one differs in one bit, or none.
      flipped: fc.option(fc.nat(length * 8 - 1)),
      other: fc.uint8Array({ minLength: length, maxLength: length }),
    })
  );
  fc.assert(
    fc.property(pairs, ({ base, bits, flipped, other }) => {
      const all = toBits(base);
      // The block's first address, bit by bit.
      const first = Uint8Array.from(
        base,
        (_, at) =>
          parseInt(all.slice(0, bits).padEnd(all.length, "0").slice(at * 8, at * 8 + 8), 2),
      );
      const near = base.slice();
      if (flipped !== null) near[flipped >> 3]! ^= 0x80 >> (flipped & 7);
      const start = formatIpAddress(first);
      // An address that turns out to be IPv4-mapped is another test's.
      fc.pre(parseIpAddress(start)!.length === first.length);
      const block = CidrBlock.parse(`${start}/${bits}`);
      for (const address of [base, near, other]) {
        const expected = toBits(address).startsWith(all.slice(0, bits));
        assertEquals(block.contains(address), expected);
      }
    }),
    { numRuns: 2000 },
  );
});
