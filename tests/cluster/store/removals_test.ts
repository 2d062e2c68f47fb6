import { assertEquals } from "@std/assert";
import { Removals, writeRemoval } from "../../../src/cluster/store/removals.ts";

const A = "http://a";
const KEY = `/b/removals/${A}`;

function entry(value: string, modRevision: number) {
  return { key: KEY, value, createRevision: modRevision, modRevision };
}

Deno.test("Removals.drain() says what was written with the removal", () => {
  const removals = new Removals("/b/removals/");
  assertEquals(removals.drain(A, 3), undefined);
  removals.note(entry(writeRemoval(2.5), 5));
  assertEquals(removals.drain(A, 3), 2.5);
  assertEquals(removals.drain("http://b", 3), undefined);
  removals.forget(KEY);
  assertEquals(removals.drain(A, 3), undefined);
});

Deno.test("Removals.drain() leaves out a record of an earlier removal", () => {
  const removals = new Removals("/b/removals/");
  removals.note(entry(writeRemoval(5), 5));
  // The server was added again at 6.
  assertEquals(removals.drain(A, 6), undefined);
});

Deno.test("Removals.note() takes what cannot be used for no record", () => {
  for (const value of ["", "x", "null", "3", "[]", "{}", '{"drain":-1}', '{"drain":"5"}']) {
    const removals = new Removals("/b/removals/");
    removals.note(entry(writeRemoval(5), 5));
    removals.note(entry(value, 6));
    assertEquals(removals.drain(A, 3), undefined, value);
  }
});
