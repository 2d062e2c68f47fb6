import { assertEquals } from "@std/assert";
import {
  formatBytes,
  formatMilliseconds,
  formatRate,
  formatSeconds,
} from "../../../src/cli/output/format.ts";
import { sparkline } from "../../../src/cli/status/view.ts";

Deno.test("formatRate() has a decimal where the rate is small", () => {
  assertEquals([0, 0.04, 9.96, 99.94, 99.95, 12_345.6].map(formatRate), [
    ...["0.0", "0.0", "10.0", "99.9", "100", "12346"],
  ]);
  assertEquals(formatRate(null), "-");
});

Deno.test("formatMilliseconds() goes over to seconds", () => {
  assertEquals([0, 1.24, 9.94, 9.95, 999.4, 999.5, 60_000].map(formatMilliseconds), [
    ...["0.0 ms", "1.2 ms", "9.9 ms", "10 ms", "999 ms", "1.0 s", "60.0 s"],
  ]);
  assertEquals(formatMilliseconds(null), "-");
});

Deno.test("formatBytes() goes by thousands", () => {
  assertEquals([0, 999, 1000, 99_949, 99_950, 999_499, 999_500, 1e15, 1e19].map(formatBytes), [
    ...["0 B", "999 B", "1.0 kB", "99.9 kB", "100 kB", "999 kB", "1.0 MB", "1.0 PB", "10000 PB"],
  ]);
});

Deno.test("formatSeconds() names the two largest units", () => {
  assertEquals([-1, 0.9, 59.9, 60, 3599, 3600, 90_061, 8_640_000].map(formatSeconds), [
    ...["0 s", "0 s", "59 s", "1 min 0 s", "59 min 59 s", "1 h 0 min", "1 d 1 h", "100 d 0 h"],
  ]);
});

Deno.test("sparkline() has a bar for each number, the highest for the largest", () => {
  assertEquals(sparkline([0, 1, 2, 3, 4, 5, 6, 7, 8]), "▁▁▂▃▄▅▆▇█");
  assertEquals(sparkline([0.001, 1000]), "▁█");
  assertEquals([sparkline([0, 0]), sparkline([]), sparkline([5])], ["▁▁", "", "█"]);
});
