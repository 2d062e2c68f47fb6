import { assertEquals } from "@std/assert";
import { secondsText } from "../../src/model/seconds_text.ts";

Deno.test("secondsText() is exact to the millisecond, and says no more", () => {
  const cases: [seconds: number, text: string][] = [
    [0, "0 s"],
    [0.001, "0.001 s"],
    [10 / 3, "3.333 s"],
    [0.1 * 3, "0.3 s"],
    [60, "60 s"],
    [86_399.5, "86399.5 s"],
  ];
  for (const [seconds, text] of cases) assertEquals(secondsText(seconds), text);
});
