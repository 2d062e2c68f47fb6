import { assertEquals } from "@std/assert";
import {
  formatAgo,
  formatCount,
  formatLatency,
  formatPeriod,
  formatRate,
  formatShare,
  visibleText,
} from "../../src/dashboard/format.js";
import { History, WINDOW } from "../../src/dashboard/history.js";
import { harm } from "../../src/dashboard/actions.js";

Deno.test("formatCount() and formatRate() write as much as can be read", () => {
  assertEquals([0, 7, 1234, 99_999, 543_400, 1.2e9].map(formatCount), [
    ...["0", "7", "1,234", "99,999", "543.4K", "1.2B"],
  ]);
  assertEquals([0, 0.04, 0.4, 7.46, 120.4, 1234.5].map(formatRate), [
    ...["0", "<0.1", "0.4", "7.5", "120", "1,235"],
  ]);
});

Deno.test("formatLatency() and formatShare() choose their units", () => {
  assertEquals([null, 0, 0.01, 0.42, 12.3, 1234, 30_000].map(formatLatency), [
    ...["–", "0 ms", "<0.1 ms", "0.4 ms", "12 ms", "1.2 s", "30 s"],
  ]);
  assertEquals([0, 0.0004, 0.004, 0.333, 1].map(formatShare), [
    ...["0%", "<0.1%", "0.4%", "33%", "100%"],
  ]);
});

Deno.test("formatPeriod() and formatAgo() write the two largest units, and the largest", () => {
  assertEquals([0, 59, 60, 492, 3600, 93_784].map(formatPeriod), [
    ...["0 s", "59 s", "1 min", "8 min 12 s", "1 h", "1 d 2 h"],
  ]);
  assertEquals([0, 400, 5000, 200_000].map((ms) => formatAgo(1e6, 1e6 + ms)), [
    ...["now", "now", "5 s ago", "3 min ago"],
  ]);
  // A clock that was set back makes no negative time.
  assertEquals(formatAgo(1e6, 0), "now");
});

Deno.test("visibleText() shows what would turn or hide text, and leaves other text alone", () => {
  assertEquals(visibleText("web-1 äöü 中文 👩‍🚀 <b>"), "web-1 äöü 中文 👩‍🚀 <b>");
  assertEquals(visibleText("a\u202egnp.exe"), "a[U+202E]gnp.exe");
  const hidden = ["\u0000", "\u0085", "\u00ad", "\u061c", "\u200b", "\u200f", "\u2028", "\u2069"];
  for (const character of [...hidden, "\ufeff"]) {
    assertEquals(/^a\[U\+[0-9A-F]{4}\]b$/.test(visibleText(`a${character}b`)), true);
  }
});

Deno.test("History.add() keeps the last minutes, in order", () => {
  const history = new History(1);
  for (let second = 0; second <= WINDOW + 10; second += 2) history.add(second, [second * 10]);
  const [times, values] = history.columns as [number[], number[]];
  assertEquals([times[0], times.at(-1)], [10, WINDOW + 10]);
  assertEquals(values, times.map((time) => time * 10));
  history.add(WINDOW + 10, [1]);
  history.add(WINDOW + 9, [1]);
  assertEquals(times.at(-1), WINDOW + 10);
});

Deno.test("History.add() begins anew where the balancer's clock was set far back", () => {
  const history = new History(1);
  history.add(1e6, [1]);
  history.add(5, [2]);
  assertEquals(history.columns, [[5], [2]]);
});

Deno.test("History.addGap() breaks the line once, and only where there is one", () => {
  const history = new History(1);
  history.addGap();
  assertEquals(history.columns, [[], []]);
  history.add(5, [1]);
  history.addGap();
  history.addGap();
  assertEquals(history.columns[1], [1, null]);
});

Deno.test("harm() tells only of a change that leaves no server, or none that is up", () => {
  const states = new Map([["a", "up"], ["b", "unhealthy"], ["c", "on_trial"]]);
  function share(url: string, before: number, after: number): Parameters<typeof harm>[0][number] {
    return { url, before, after };
  }
  assertEquals(harm([share("a", 0.5, 0), share("c", 0.5, 1)], states), "");
  assertEquals(harm([share("a", 1, 1), share("b", 0, 0)], states), "");
  assertEquals(/^No server would be left/.test(harm([share("a", 1, 0)], states)), true);
  assertEquals(
    /^Only servers that are down/.test(harm([share("a", 1, 0), share("b", 0, 1)], states)),
    true,
  );
  // A state that existed before is not the effect of this change.
  assertEquals(harm([share("a", 0, 0)], states), "");
  assertEquals(harm([], states), "");
});
