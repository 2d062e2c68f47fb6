import { assertEquals } from "@std/assert";
import type { SlotDirectory } from "../../src/state/registry.ts";
import { Registry } from "../../src/state/registry.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { STICKY_COOKIE, StickySessions } from "../../src/proxy/affinity/sticky.ts";
import { makeRequest } from "../testing/http1_client.ts";

const SECRET = "a secret of tests";
const [A, B] = ["http://a.example", "http://b.example"] as const;

/** The slot of the session of a client with a cookie for this server. */
function sessionSlot(sessions: StickySessions, url: string): number | undefined {
  const cookie = `${STICKY_COOKIE}=${sessions.valueOf(url)}`;
  return sessions.begin(makeRequest({ headers: [["cookie", cookie]] }), undefined).sessionSlot;
}

Deno.test("StickySessions.begin() follows servers that are added, removed and reuse a slot", () => {
  const table = new StateTable(4);
  const registry = new Registry(table);
  const sessions = new StickySessions({ registry, table, secret: SECRET });
  assertEquals([sessionSlot(sessions, A), sessionSlot(sessions, B)], [undefined, undefined]);
  registry.add({ url: A });
  assertEquals([sessionSlot(sessions, A), sessionSlot(sessions, B)], [0, undefined]);
  registry.remove(A);
  registry.add({ url: B });
  assertEquals([sessionSlot(sessions, A), sessionSlot(sessions, B)], [undefined, 0]);
  registry.add({ url: A });
  assertEquals([sessionSlot(sessions, A), sessionSlot(sessions, B)], [1, 0]);
});

Deno.test("StickySessions.begin() finds a server that returned in another slot, on a thread that lags", () => {
  const table = new StateTable(4);
  const registry = new Registry(table);
  registry.add({ url: B });
  const old = registry.add({ url: A });
  // The old slot is still in use by an active request, and the new one comes before it.
  table.begin(old.slot);
  registry.remove(B);
  registry.remove(A);
  const { slot } = registry.add({ url: A });
  assertEquals([old.slot, slot], [1, 0]);
  const lagging: SlotDirectory = {
    inSlot: (slot) => slot === old.slot ? old : registry.inSlot(slot),
  };
  const sessions = new StickySessions({ registry: lagging, table, secret: SECRET });
  assertEquals(sessionSlot(sessions, A), 0);
});
