import { assertEquals } from "@std/assert";
import { Removals, removalValue } from "../../../src/cluster/store/removals.ts";

const A = "http://a";
const KEY = `/b/removals/${A}`;

function entry(value: string, modRevision: number) {
  return { key: KEY, value, createRevision: modRevision, modRevision };
}

Deno.test("Removals.removal() finds the drain time recorded with the removal", () => {
  const removals = new Removals("/b/removals/");
  assertEquals(removals.removal(A, 3)?.drain, undefined);
  removals.put(entry(removalValue(2.5), 5));
  assertEquals(removals.removal(A, 3)?.drain, 2.5);
  assertEquals(removals.removal("http://b", 3)?.drain, undefined);
  removals.delete(A);
  assertEquals(removals.removal(A, 3)?.drain, undefined);
});

Deno.test("Removals.removal() ignores a record of an earlier removal", () => {
  const removals = new Removals("/b/removals/");
  removals.put(entry(removalValue(5), 5));
  // The server was added again at 6.
  assertEquals(removals.removal(A, 6)?.drain, undefined);
});

Deno.test("Removals.put() ignores an invalid record", () => {
  for (const value of ["", "x", "null", "3", "[]", "{}", '{"drain":-1}', '{"drain":"5"}']) {
    const removals = new Removals("/b/removals/");
    removals.put(entry(removalValue(5), 5));
    removals.put(entry(value, 6));
    assertEquals(removals.removal(A, 3)?.drain, undefined, value);
  }
});
