import { assertEquals } from "@std/assert";
import { fit, pad, textWidth } from "../../../src/cli/output/text_width.ts";

Deno.test("textWidth() counts the columns of a terminal", () => {
  const widths: [text: string, width: number][] = [
    ["", 0],
    ["abc", 3],
    ["ä…█→", 4],
    ["日本語", 6],
    ["한글かカ", 8],
    ["ｆｕ！", 6],
    ["😀", 2],
    ["e\u0301", 1],
    ["a\u200bb", 2],
    ["\ufffd", 1],
    ["a\u00adb", 3],
  ];
  for (const [text, width] of widths) assertEquals(textWidth(text), width, text);
});

Deno.test("fit() cuts a text to so many columns, and says so", () => {
  assertEquals([3, 2, 1, 0].map((width) => fit("abc", width)), ["abc", "a…", "…", ""]);
  assertEquals([6, 5, 4, 3, 2, 1].map((width) => fit("日本語", width)), [
    ...["日本語", "日本…", "日…", "日…", "…", "…"],
  ]);
  // A combining character stays with its letter.
  assertEquals(fit("e\u0301e\u0301e\u0301", 2), "e\u0301…");
  assertEquals(fit("abc", Infinity), "abc");
});

Deno.test("pad() makes a text so many columns wide", () => {
  assertEquals([pad("日", 4), pad("日", 4, true), pad("日本", 3)], ["日  ", "  日", "日…"]);
  assertEquals([pad("日本", 2), pad("", 0)], ["… ", ""]);
});
