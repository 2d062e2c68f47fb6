import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { UINT32_MAX } from "../../src/model/server.ts";
import { ClientHash } from "../../src/policies/client_hash.ts";
import { hashText } from "../../src/model/hash_text.ts";
import { clientNumber, Picking, urlOf } from "../testing/picking.ts";

const CLIENTS = Array.from({ length: 3000 }, (_, number) => clientNumber(number * 7));

function picking(...weights: number[]): Picking {
  return new Picking((servers) => new ClientHash(servers)).addAll(weights);
}

/** Where each client goes, as the URL. */
function places(from: Picking, tried: readonly number[] = []): string[] {
  return CLIENTS.map((client) => from.pickUrl(client, tried));
}

/** Asserts which clients moved: those only for whom `may` holds, and about so many. */
function assertMoved(
  before: readonly string[],
  after: readonly string[],
  { may, share }: { may: (from: string, to: string) => boolean; share: number },
): void {
  let moved = 0;
  for (const [i, from] of before.entries()) {
    if (from === after[i]) continue;
    moved++;
    assert(may(from, after[i]!), `${CLIENTS[i]} moved from ${from} to ${after[i]}`);
  }
  const expected = share * before.length;
  assert(Math.abs(moved - expected) <= 5 * Math.sqrt(expected) + 1, `${moved}, not ${expected}`);
}

const TEN = [1, 2, 3, 1, 2, 3, 1, 2, 3, 2];

Deno.test("ClientHash.pick() moves only the clients of a server that leaves", () => {
  for (const gone of [0, 2, 9]) {
    const one = picking(...TEN);
    const before = places(one);
    one.registry.remove(urlOf(gone));
    const share = TEN[gone]! / 20;
    assertMoved(before, places(one), { may: (from) => from === urlOf(gone), share });
  }
});

Deno.test("ClientHash.pick() moves clients to a server that comes, and to no other", () => {
  const one = picking(...TEN);
  const before = places(one);
  one.add(10, 5);
  assertMoved(before, places(one), { may: (_, to) => to === urlOf(10), share: 5 / 25 });
});

Deno.test("ClientHash.pick() moves the clients of an unhealthy server, and moves them back", () => {
  const one = picking(...TEN);
  const before = places(one);
  one.table.setHealthy(4, false);
  assertMoved(before, places(one), { may: (from) => from === urlOf(4), share: 2 / 20 });
  one.table.setHealthy(4, true);
  assertEquals(places(one), before);
});

Deno.test("ClientHash.pick() moves clients off a server that loses weight, and on one that gains", () => {
  const one = picking(...TEN);
  const before = places(one);
  one.registry.update(urlOf(2), { weight: 1 });
  const lighter = places(one);
  assertMoved(before, lighter, { may: (from) => from === urlOf(2), share: 3 / 20 - 1 / 18 });
  one.registry.update(urlOf(2), { weight: 3 });
  assertEquals(places(one), before);
  one.registry.update(urlOf(2), { weight: UINT32_MAX });
  assertEquals(new Set(places(one)), new Set([urlOf(2)]));
});

Deno.test("ClientHash.pick() gives a client whose server was tried the one that it would have without", () => {
  const [one, without] = [picking(...TEN), picking(...TEN)];
  for (const client of CLIENTS.slice(0, 200)) {
    const first = one.pick(client);
    const url = one.registry.inSlot(first)!.server.url;
    const { weight } = without.registry.get(url).server;
    without.registry.remove(url);
    assertEquals(one.pickUrl(client, [first]), without.pickUrl(client));
    without.registry.add({ url, weight });
  }
});

Deno.test("ClientHash.pick() agrees with another balancer that has the servers in other slots", () => {
  const one = picking(...TEN);
  const other = picking();
  // Leaves the first slot to another server than there was, after a pick with the first.
  other.add(99, 1);
  places(other);
  other.registry.remove(urlOf(99));
  for (const number of [7, 3, 9, 0, 5, 1, 8, 2, 6, 4]) other.add(number, TEN[number]!);
  assertEquals(places(other), places(one));
});

Deno.test("ClientHash.pick() finds the least cost of all, as without its short cut", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: UINT32_MAX }), { minLength: 2, maxLength: 40 }),
    fc.ipV4(),
    (weights, client) => {
      const one = picking(...weights);
      const first = one.pick(client);
      // The winner among all wins against each other one alone.
      for (const other of weights.keys()) {
        if (other === first) continue;
        const tried = [...weights.keys()].filter((slot) => slot !== first && slot !== other);
        assertEquals(one.pick(client, tried), first);
      }
    },
  ));
});

Deno.test("ClientHash.pick() takes an IPv4 address for the same in its IPv6 form", () => {
  const one = picking(...TEN);
  for (const client of CLIENTS.slice(0, 100)) {
    assertEquals(one.pick(`::ffff:${client}`), one.pick(client));
  }
});

Deno.test("ClientHash.pick() spreads IPv6 clients that differ in their last digits", () => {
  const one = picking(1, 1, 1, 1);
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 4000; i++) counts[one.pick(`2001:db8::${i.toString(16)}`)]! += 1;
  for (const count of counts) assert(Math.abs(count - 1000) <= 150, `${counts}`);
});

Deno.test("hashText() gives the same number always: an update must not move every client", () => {
  assertEquals(
    [hashText(""), hashText("192.0.2.1"), hashText("::1"), hashText("x192.0.2.1", 1)],
    [-1421968373, 1941296713, -268184874, 1941296713],
  );
});

Deno.test("ClientHash.pick() gives the same always: an update must not move every client", () => {
  const one = picking(...TEN);
  const slots = CLIENTS.slice(0, 12).map((client) => one.pick(client));
  assertEquals(slots, [0, 7, 4, 9, 3, 9, 8, 4, 5, 9, 3, 2]);
});
