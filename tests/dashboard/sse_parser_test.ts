import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { SseParser } from "../../src/dashboard/sse_parser.js";

/** The events that a parser finds in these pieces. */
function parse(...pieces: string[]): unknown[] {
  const parser = new SseParser();
  return pieces.flatMap((piece) => parser.push(piece));
}

Deno.test("SseParser.push() reads id, type and data", () => {
  assertEquals(parse("id: r-1\nevent: added\ndata: {}\n\n"), [
    { id: "r-1", type: "added", data: "{}" },
  ]);
});

Deno.test("SseParser.push() joins data lines, and drops one space after the colon", () => {
  assertEquals(parse("data:a\ndata:  b\ndata\n\n"), [
    { id: "", type: "message", data: "a\n b\n" },
  ]);
});

Deno.test("SseParser.push() passes over comments, unknown fields and events without data", () => {
  assertEquals(parse(": here\n\nretry: 5\nevent: x\n\nnothing\n\ndata: y\n\n"), [
    { id: "", type: "message", data: "y" },
  ]);
});

Deno.test("SseParser.push() keeps the id for the events after it, but not one with a NUL", () => {
  assertEquals(parse("id: 1\ndata: a\n\ndata: b\n\nid: 2\0\ndata: c\n\nid\ndata: d\n\n"), [
    { id: "1", type: "message", data: "a" },
    { id: "1", type: "message", data: "b" },
    { id: "1", type: "message", data: "c" },
    { id: "", type: "message", data: "d" },
  ]);
});

Deno.test("SseParser.push() does not hand out an event that did not end", () => {
  assertEquals(parse("data: a\n"), []);
});

Deno.test("SseParser.push() finds the same wherever the pieces begin and whatever ends a line", () => {
  const text = "id: 7\nevent: updated\ndata: {\ndata: }\n\n: c\n\ndata: 𝄞\n\n";
  const expected = parse(text);
  assertEquals(expected.length, 2);
  const property = fc.property(
    fc.constantFrom("\n", "\r", "\r\n"),
    fc.array(fc.nat(80), { maxLength: 8 }),
    (end, cuts) => {
      // A piece is what a TextDecoderStream gives: it does not break a character in two.
      const characters = [...text.replaceAll("\n", end)];
      const at = [0, ...cuts.toSorted((one, other) => one - other), characters.length];
      const pieces = at.slice(1).map((to, i) => characters.slice(at[i], to).join(""));
      assertEquals(parse(...pieces), expected);
    },
  );
  fc.assert(property);
});
