import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  type AssignedServer,
  CheckAssignment,
} from "../../../src/cluster/shared_health/check_assignment.ts";

function divide(
  members: readonly string[],
  urls: readonly string[],
): CheckAssignment<AssignedServer> {
  const assignment = new CheckAssignment((server) => server);
  assignment.setMembers(members);
  for (const url of urls) assignment.add(url);
  return assignment;
}

function urls(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `http://server-${i}`);
}

Deno.test("CheckAssignment assigns each server to one member, the same wherever it is computed", () => {
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

Deno.test("CheckAssignment.digest() distinguishes different servers, and forgets removed ones", () => {
  const assignment = divide(["a"], urls(10));
  const before = assignment.digest("a");
  assignment.add("http://another");
  assertNotEquals(assignment.digest("a"), before);
  assignment.remove("http://another");
  assertEquals(assignment.digest("a"), before);
  // As many servers, but different ones.
  assignment.remove("http://server-3");
  assignment.add("http://another");
  assertNotEquals(assignment.digest("a"), before);
  assertEquals([assignment.digest("b"), divide(["a"], []).digest("a")], ["0", "0"]);
});

Deno.test("CheckAssignment.setMembers() returns the servers that moved, and counts them as new assignments", () => {
  const assignment = divide(["a", "b"], urls(100));
  const count = assignment.count;
  const before = new Map([...assignment.servers].map(({ url, owner }) => [url, owner]));
  const moved = assignment.setMembers(["a", "b", "c"]);
  assert(moved.length > 10 && moved.length < 60, String(moved.length));
  for (const server of assignment.servers) {
    const isMoved = moved.includes(server);
    assertEquals(isMoved, before.get(server.url) !== server.owner);
    assertEquals(server.assignedAt > count, isMoved);
  }
  assertEquals(assignment.setMembers(["c", "b", "a"]), []);
  assertEquals(assignment.setMembers([]).length, 100);
  assertEquals([...assignment.servers].map(({ owner }) => owner), Array(100).fill(undefined));
});
