import { assertEquals } from "@std/assert";
import { LossFinder } from "../../../src/cluster/store/loss_finder.ts";

/** A finder for servers written at revision 1, with the intended removals. */
function finder(urls: string, meant = "", isSuspicious = false): LossFinder {
  return new LossFinder({
    size: urls.length,
    isSuspicious,
    revision: (url) => urls.includes(url) ? 1 : undefined,
    isIntended: (url, revision) => revision === 1 && meant.includes(url),
  });
}

Deno.test("LossFinder finds the loss of most servers, or of the last ones, at one revision", () => {
  const cases: [urls: string, revisions: string[], lost: string][] = [
    ["abcd", ["ab"], ""],
    ["abcd", ["abc"], "abc"],
    ["abcd", ["abcd"], "abcd"],
    ["a", ["a"], "a"],
    ["", ["x"], ""],
    ["abcd", ["x", "abc"], "abc"],
    // One by one, only the last one counts as lost.
    ["abcd", ["a", "b", "c"], ""],
    ["abcd", ["a", "b", "c", "d"], "d"],
    // After a loss, all further removals count as lost.
    ["abcdef", ["abcd", "e"], "abcde"],
  ];
  for (const [urls, revisions, lost] of cases) {
    const losses = finder(urls);
    for (const gone of revisions) losses.add([], gone);
    assertEquals([...losses.lost].join(""), lost, `${urls}: ${revisions}`);
  }
});

Deno.test("LossFinder does not count removals by a balancer as losses", () => {
  for (const [meant, lost] of [["abcd", ""], ["abc", "d"], ["ab", ""], ["a", "bcd"]] as const) {
    const losses = finder("abcd", meant);
    losses.add([], "abcd".slice(0, meant === "ab" ? 3 : 4));
    assertEquals([...losses.lost].join(""), lost, meant);
  }
});

Deno.test("LossFinder counts servers written at the same revision, and those that reappear", () => {
  const moved = finder("a");
  moved.add([["b", 2]], "a");
  assertEquals([...moved.lost], ["a"]);
  const replaced = finder("ab");
  replaced.add([["c", 2]], "a");
  assertEquals([...replaced.lost], []);
  const back = finder("abc");
  back.add([], "abc");
  back.add([["b", 3]], []);
  assertEquals([...back.lost], ["a", "c"]);
  // It was written since, so the record of its removal no longer applies.
  const again = finder("a", "a");
  again.add([["a", 5]], []);
  again.add([], "a");
  assertEquals([...again.lost], ["a"]);
});

Deno.test("LossFinder counts every unexplained removal as a loss while servers are missing", () => {
  const losses = finder("abcdefgh", "a", true);
  losses.add([], "ab");
  assertEquals([...losses.lost], ["b"]);
});
