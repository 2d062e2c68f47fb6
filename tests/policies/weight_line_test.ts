import { assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { RandomTwoChoices } from "../../src/policies/random_two_choices.ts";
import { WeightLine } from "../../src/policies/weight_line.ts";
import { Picking, seededRandom } from "../testing/picking.ts";

const weights = fc.array(
  fc.oneof(fc.nat({ max: 5 }), fc.integer({ min: 1, max: 2 ** 32 - 1 })),
  { minLength: 2, maxLength: 40 },
);

/** Who is at a mark of a line on which candidates lie side by side. */
function findAt(widths: readonly number[], mark: number, without = -1): number {
  let left = mark;
  for (const [place, width] of widths.entries()) {
    if (place === without) continue;
    left -= width;
    if (left < 0) return place;
  }
  throw new Error("The mark is behind the end");
}

Deno.test("WeightLine draws by weight, as a walk along the line does", () => {
  fc.assert(fc.property(weights, fc.nat({ max: 99 }), fc.nat({ max: 99 }), (given, one, other) => {
    const picking = new Picking(() => new RandomTwoChoices()).addAll(given);
    const candidates = picking.candidates();
    if (candidates.length < 2) return;
    const widths = given.filter((weight) => weight > 0);
    const total = widths.reduce((sum, width) => sum + width, 0);
    const line = new WeightLine();
    line.layOut(candidates, picking.table);
    const first = line.draw(one / 100);
    assertEquals(first, findAt(widths, one / 100 * total));
    const rest = total - widths[first]!;
    assertEquals(line.drawOther(other / 100, first), findAt(widths, other / 100 * rest, first));
  }));
});

Deno.test("RandomTwoChoices.pick() keeps its line until servers, weights or health change", () => {
  const change = fc.record({
    kind: fc.constantFrom("weight", "health", "add", "remove", "try" as const),
    server: fc.nat({ max: 9 }),
    weight: fc.nat({ max: 9 }),
  });
  fc.assert(fc.property(fc.array(change, { maxLength: 30 }), fc.nat(), (changes, seed) => {
    const keeping = new Picking(() => new RandomTwoChoices(seededRandom(seed))).addAll([
      3,
      1,
      4,
      1,
    ]);
    const fresh = new RandomTwoChoices(seededRandom(seed));
    let next = 4;
    for (const { kind, server, weight } of changes) {
      const { registry, table } = keeping;
      const entries = registry.entries();
      const entry = entries[server % entries.length]!;
      if (kind === "weight") registry.update(entry.server.url, { weight });
      if (kind === "health") table.setHealthy(entry.slot, !table.isHealthy(entry.slot));
      if (kind === "add") keeping.add(next++, weight);
      if (kind === "remove" && entries.length > 1) registry.remove(entry.server.url);
      const tried = kind === "try" ? [entry.slot] : [];
      for (let i = 0; i < 5; i++) {
        const { slots, length } = keeping.candidates(tried);
        if (length === 0) continue;
        // A list without a version is looked at anew each time.
        const expected = fresh.pick({ slots, length }, table);
        assertEquals(keeping.pick(undefined, tried), expected);
        table.begin(expected);
      }
    }
  }));
});
