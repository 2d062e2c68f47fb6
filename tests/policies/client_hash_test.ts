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

/** URL of each client's server. */
function serversOf(from: Picking, tried: readonly number[] = []): string[] {
  return CLIENTS.map((client) => from.pickUrl(client, tried));
}

/** Asserts that about this share of the clients moved, and only where `may` holds. */
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

Deno.test("ClientHash.pick() moves only the clients of a removed server", () => {
  for (const gone of [0, 2, 9]) {
    const one = picking(...TEN);
    const before = serversOf(one);
    one.registry.remove(urlOf(gone));
    const share = TEN[gone]! / 20;
    assertMoved(before, serversOf(one), { may: (from) => from === urlOf(gone), share });
  }
});

Deno.test("ClientHash.pick() moves clients only to an added server", () => {
  const one = picking(...TEN);
  const before = serversOf(one);
  one.add(10, 5);
  assertMoved(before, serversOf(one), { may: (_, to) => to === urlOf(10), share: 5 / 25 });
});

Deno.test("ClientHash.pick() moves the clients of an unhealthy server, and moves them back", () => {
  const one = picking(...TEN);
  const before = serversOf(one);
  one.table.setHealthy(4, false);
  assertMoved(before, serversOf(one), { may: (from) => from === urlOf(4), share: 2 / 20 });
  one.table.setHealthy(4, true);
  assertEquals(serversOf(one), before);
});

Deno.test("ClientHash.pick() moves clients off a server that loses weight, and onto one that gains", () => {
  const one = picking(...TEN);
  const before = serversOf(one);
  one.registry.update(urlOf(2), { weight: 1 });
  const lighter = serversOf(one);
  assertMoved(before, lighter, { may: (from) => from === urlOf(2), share: 3 / 20 - 1 / 18 });
  one.registry.update(urlOf(2), { weight: 3 });
  assertEquals(serversOf(one), before);
  one.registry.update(urlOf(2), { weight: UINT32_MAX });
  assertEquals(new Set(serversOf(one)), new Set([urlOf(2)]));
});

Deno.test("ClientHash.pick() gives a client that has tried its server the one that it would have without it", () => {
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
  // Reuses the first slot for another server after a pick.
  other.add(99, 1);
  serversOf(other);
  other.registry.remove(urlOf(99));
  for (const number of [7, 3, 9, 0, 5, 1, 8, 2, 6, 4]) other.add(number, TEN[number]!);
  assertEquals(serversOf(other), serversOf(one));
});

Deno.test("ClientHash.pick() finds the least cost, in spite of its shortcut", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: UINT32_MAX }), { minLength: 2, maxLength: 40 }),
    fc.ipV4(),
    (weights, client) => {
      const one = picking(...weights);
      const first = one.pick(client);
      // The winner among all must win against each other server alone.
      for (const other of weights.keys()) {
        if (other === first) continue;
        const tried = [...weights.keys()].filter((slot) => slot !== first && slot !== other);
        assertEquals(one.pick(client, tried), first);
      }
    },
  ));
});

Deno.test("ClientHash.pick() treats an IPv4 address and its IPv6 form alike", () => {
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

Deno.test("hashText() never changes: an update must not move every client", () => {
  assertEquals(
    [hashText(""), hashText("192.0.2.1"), hashText("::1"), hashText("x192.0.2.1", 1)],
    [-1421968373, 1941296713, -268184874, 1941296713],
  );
});

Deno.test("ClientHash.pick() never changes: an update must not move every client", () => {
  const one = picking(...TEN);
  const slots = CLIENTS.slice(0, 12).map((client) => one.pick(client));
  assertEquals(slots, [0, 7, 4, 9, 3, 9, 8, 4, 5, 9, 3, 2]);
});
