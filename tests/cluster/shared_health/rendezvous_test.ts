import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Rendezvous, textHash } from "../../../src/cluster/shared_health/rendezvous.ts";

const SERVERS = Array.from({ length: 10_000 }, (_, i) => textHash(`http://10.0.${i >> 8}.${i}:80`));

function ids(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `member-${i}`);
}

function picks(members: readonly string[]): (string | undefined)[] {
  const rendezvous = new Rendezvous(members);
  return SERVERS.map((server) => rendezvous.pick(server));
}

Deno.test("Rendezvous.pick() spreads servers evenly over 1 to 100 members", () => {
  for (const count of [1, 2, 3, 5, 10, 30, 100]) {
    const counts = new Map(ids(count).map((id) => [id, 0]));
    for (const id of picks(ids(count))) counts.set(id!, counts.get(id!)! + 1);
    assertEquals(counts.size, count);
    // Five standard deviations of a binomial distribution.
    const mean = SERVERS.length / count;
    const tolerance = 5 * Math.sqrt(mean * (1 - 1 / count));
    for (const [id, own] of counts) {
      assert(Math.abs(own - mean) <= tolerance, `${id} of ${count} has ${own} servers`);
    }
  }
});

Deno.test("Rendezvous.pick() moves only the servers of a member that leaves", () => {
  const members = ids(10);
  const before = picks(members);
  const after = picks(members.filter((id) => id !== "member-3"));
  for (const [i, id] of before.entries()) {
    if (id === "member-3") assertNotEquals(after[i], id);
    else assertEquals(after[i], id);
  }
  // Its servers are spread over all the others.
  const heirs = new Set(after.filter((_, i) => before[i] === "member-3"));
  assertEquals(heirs.size, 9);
});

Deno.test("Rendezvous.pick() moves servers only to a member that joins", () => {
  const before = picks(ids(9));
  const after = picks(ids(10));
  const moved = after.filter((id, i) => id !== before[i]);
  assertEquals(new Set(moved), new Set(["member-9"]));
  assert(moved.length > 800 && moved.length < 1200, `${moved.length} of 1000`);
});

Deno.test("Rendezvous.pick() does not depend on order, and picks none without members", () => {
  const members = ids(7);
  assertEquals(picks(members.toReversed()), picks(members));
  assertEquals(new Rendezvous([]).pick(textHash("http://a")), undefined);
});
