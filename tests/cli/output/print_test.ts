import { assertEquals } from "@std/assert";
import { jsonLine, printable, table } from "../../../src/cli/output/print.ts";

Deno.test("table() aligns the columns and leaves no space at the end of a line", () => {
  assertEquals(
    table(["NAME", "N", "LAST"], [["a", "10", "x"], ["longer", "2", ""]]),
    ["NAME    N   LAST", "a       10  x", "longer  2"].join("\n"),
  );
});

Deno.test("table() of no rows is its header", () => {
  assertEquals(table(["NAME", "URL"], []), "NAME  URL");
});

Deno.test("table() counts characters, not UTF-16 code units", () => {
  assertEquals(table(["A", "B"], [["😀😀", "x"], ["ab", "y"]]), "A   B\n😀😀  x\nab  y");
});

Deno.test("table() replaces control characters in its cells", () => {
  assertEquals(table(["A", "B"], [["a\nb", "\u001b[31m"]]), "A    B\na\ufffdb  \ufffd[31m");
});

Deno.test("printable() replaces every control character and nothing else", () => {
  assertEquals(printable("\u0000\t\n\r\u001b\u001f"), "\ufffd".repeat(6));
  assertEquals(printable("\u007f\u0080\u009b\u009f"), "\ufffd".repeat(4));
  assertEquals(printable("\u061c\u200e\u200f\u2028\u202e\u2066\u2069"), "\ufffd".repeat(7));
  assertEquals(printable(" ~\u00a0ä→😀"), " ~\u00a0ä→😀");
});

Deno.test("jsonLine() is JSON in one line that no control character is in", () => {
  const value = { "a\u009b": "b\n\u001b[31m\u007f\u2028\u202e" };
  const line = jsonLine(value);
  assertEquals(JSON.parse(line), value);
  assertEquals(line, '{"a\\u009b":"b\\n\\u001b[31m\\u007f\\u2028\\u202e"}');
});
