import { assertEquals } from "@std/assert";
import { nextHealth, UNCHECKED } from "../../src/health/threshold.ts";

/** The health after each of these results, `+` for passed. */
function course(results: string, threshold: { rise: number; fall: number }): string {
  let health = UNCHECKED;
  return [...results].map((result) => {
    health = nextHealth(health, result === "+", threshold);
    return health.healthy ? "H" : "u";
  }).join("");
}

Deno.test("nextHealth() changes with each result when one is enough", () => {
  assertEquals(course("+--+-", { rise: 1, fall: 1 }), "HuuHu");
});

Deno.test("nextHealth() needs so many in a row, and an exception starts the count again", () => {
  assertEquals(course("--+---++-+++", { rise: 3, fall: 3 }), "HHHHHuuuuuuH");
});

Deno.test("nextHealth() counts rise and fall separately", () => {
  assertEquals(course("-+-++--", { rise: 2, fall: 1 }), "uuuuHuu");
});
