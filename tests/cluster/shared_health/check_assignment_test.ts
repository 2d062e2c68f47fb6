import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  type AssignedServer,
  CheckAssignment,
} from "../../../src/cluster/shared_health/check_assignment.ts";

function divide(
  members: readonly string[],
  urls: readonly string[],
): CheckAssignment<AssignedServer> {
  const division = new CheckAssignment((server) => server);
  division.setMembers(members);
  for (const url of urls) division.add(url);
  return division;
}

function urls(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `http://server-${i}`);
}

Deno.test("Division gives each server to one member, the same wherever it is computed", () => {
  const one = divide(["a", "b", "c"], urls(300));
  const other = divide([], urls(300).toReversed());
  other.setMembers(["c"]);
  other.setMembers(["c", "b", "a"]);
  const sizes = ["a", "b", "c"].map((id) => one.of(id).size);
  assertEquals(sizes.reduce((sum, size) => sum + size), 300);
  for (const id of ["a", "b", "c"]) {
    assertEquals(one.digest(id), other.digest(id));
    assertEquals(
      new Set([...one.of(id)].map(({ url }) => url)),
      new Set([...other.of(id)].map(({ url }) => url)),
    );
  }
});

Deno.test("Division.digest() tells different servers apart, and forgets those that went", () => {
  const division = divide(["a"], urls(10));
  const before = division.digest("a");
  division.add("http://another");
  assertNotEquals(division.digest("a"), before);
  division.remove("http://another");
  assertEquals(division.digest("a"), before);
  // As many servers, but not the same ones.
  division.remove("http://server-3");
  division.add("http://another");
  assertNotEquals(division.digest("a"), before);
  assertEquals([division.digest("b"), divide(["a"], []).digest("a")], ["0", "0"]);
});

Deno.test("Division.setMembers() tells which servers moved, and counts that as given anew", () => {
  const division = divide(["a", "b"], urls(100));
  const count = division.count;
  const before = new Map([...division.servers].map(({ url, prober }) => [url, prober]));
  const moved = division.setMembers(["a", "b", "c"]);
  assert(moved.length > 10 && moved.length < 60, String(moved.length));
  for (const server of division.servers) {
    const isMoved = moved.includes(server);
    assertEquals(isMoved, before.get(server.url) !== server.prober);
    assertEquals(server.since > count, isMoved);
  }
  assertEquals(division.setMembers(["c", "b", "a"]), []);
  assertEquals(division.setMembers([]).length, 100);
  assertEquals([...division.servers].map(({ prober }) => prober), Array(100).fill(undefined));
});
