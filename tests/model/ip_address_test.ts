import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  formatIpAddress,
  isLoopbackAddress,
  isUnspecifiedAddress,
  parseIpAddress,
} from "../../src/model/ip_address.ts";

/** Each address in its usual spelling, with other spellings of it. */
const ADDRESSES: Record<string, string[]> = {
  "0.0.0.0": [],
  "255.255.255.255": [],
  "10.0.0.1": ["::ffff:10.0.0.1", "::FFFF:0a00:1", "0:0:0:0:0:ffff:10.0.0.1"],
  "::": ["0:0:0:0:0:0:0:0", "0000::0000", "::0.0.0.0"],
  "::1": ["0:0:0:0:0:0:0:1", "::0.0.0.1"],
  "2001:db8::1": ["2001:0DB8:0:0:0:0:0:1", "2001:db8:0::0:1"],
  "1:2:3:4:5:6:7:8": ["1:2:3:4:5:6:0.7.0.8"],
  "1::": ["1:0:0:0:0:0:0:0", "1:0:0:0:0:0:0::"],
  "0:2:3:4:5:6:7:8": ["::2:3:4:5:6:7:8"],
};

Deno.test("parseIpAddress() reads every spelling, and formatIpAddress() writes the usual one", () => {
  for (const [usual, others] of Object.entries(ADDRESSES)) {
    for (const text of [usual, ...others]) {
      const bytes = parseIpAddress(text);
      assert(bytes !== undefined, text);
      assertEquals(formatIpAddress(bytes), usual, text);
    }
  }
});

const NONSENSE = [
  ["", " ", "10", "10.0.0", "10.0.0.0.0", "10.0.0.", ".10.0.0", "10..0.1", "a.b.c.d", "10.0.0.0x1"],
  ["300.1.1.1", "256.0.0.0", "10.0.0.01", "010.0.0.1", "00.0.0.0", "0x0a.0.0.1", "1e1.0.0.1"],
  ["+1.0.0.0", "-1.0.0.0", " 10.0.0.1", "10.0.0.1 ", "10.0.0.1\n", "１.0.0.1", "10.0.0.1:80"],
  [":", ":::", "::1::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::"],
  [
    "::1:2:3:4:5:6:7:8",
    ":1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7:",
    "12345::",
    "g::",
    "::1%eth0",
    "[::1]",
  ],
  ["10.0.0.1::", "::10.0.0.1:1", "::10.0.0", "::10.0.0.256", "::010.0.0.1", "fe80::1%1", "::1/128"],
  [`::${"0".repeat(1000)}1`, "1:".repeat(1000)],
].flat();

Deno.test("parseIpAddress() refuses what is no address", () => {
  for (const text of NONSENSE) assertEquals(parseIpAddress(text), undefined, text);
});

Deno.test("parseIpAddress() and formatIpAddress() are each other's inverse", () => {
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
    const bytes = parseIpAddress(text);
    assert(bytes !== undefined, text);
    assertEquals(parseIpAddress(formatIpAddress(bytes)), bytes);
    // The platform knows IPv6 as well.
    if (bytes.length === 16) {
      assertEquals(new URL(`http://[${text}]`).hostname, `[${formatIpAddress(bytes)}]`);
    }
  }));
});

Deno.test("isLoopbackAddress() and isUnspecifiedAddress() know both families", () => {
  const kinds: Record<string, [loopback: boolean, unspecified: boolean]> = {
    "127.0.0.1": [true, false],
    "127.255.255.255": [true, false],
    "::ffff:127.0.0.1": [true, false],
    "::1": [true, false],
    "128.0.0.1": [false, false],
    "::2": [false, false],
    "1::1": [false, false],
    "0.0.0.0": [false, true],
    "::": [false, true],
    "::ffff:0.0.0.0": [false, true],
  };
  for (const [text, expected] of Object.entries(kinds)) {
    const bytes = parseIpAddress(text)!;
    assertEquals([isLoopbackAddress(bytes), isUnspecifiedAddress(bytes)], expected, text);
  }
});
