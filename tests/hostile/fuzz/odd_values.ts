import * as fc from "fast-check";

/** JSON texts that are no whole number from 0 to 2^32 - 1, and some that are. */
export const NUMBER_TEXTS: readonly string[] = [
  ["0", "1", "7", "4294967295", "-0", "1.0", "1e2", "0e9", "100e-2"],
  ["4294967296", "-1", "0.5", "1e400", "-1e400", "9007199254740993", "1e-400", "1".repeat(400)],
  ["01", "+1", "0x1", ".5", "1.", "NaN", "Infinity", "1_0"],
].flat();

/** Keys that mean something to JavaScript, or look like ones that mean something here. */
export const ODD_KEYS: readonly string[] = [
  ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "then", ""],
  ["URL", "Weight", "healthCheckPeriod", "maxConnections", "url ", "\u0000", "ur\u006c\u200b"],
].flat();

/** Text of any characters, lone surrogates and controls included. */
export function oddText(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.string({
      unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
      maxLength: 6,
    }),
    fc.constantFrom("a".repeat(255), "a".repeat(256), "\ud800", "\u202e", "\r\n", "../..", "%00"),
  );
}

/** A text with a piece cut out, and another one put in its place. */
export function damaged(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const piece = fc.oneof(
    fc.string({ maxLength: 3 }),
    fc.constantFrom(
      '"',
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      "\\",
      "\n",
      "\t",
      "#",
      "&a",
      "*a",
      "!",
      "- ",
    ),
  );
  return fc.tuple(text, fc.nat(), fc.nat({ max: 4 }), piece).map(([whole, at, cut, put]) => {
    const from = at % (whole.length + 1);
    return whole.slice(0, from) + put + whole.slice(from + cut);
  });
}
