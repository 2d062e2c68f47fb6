import { assertEquals, assertThrows } from "@std/assert";
import { BalancerError } from "../../src/model/errors.ts";
import { completeServer } from "../../src/model/server.ts";
import { Registry, type RegistryEvent } from "../../src/state/registry.ts";
import { StateTable } from "../../src/state/state_table.ts";

const URL_A = "http://127.0.0.1:3001";
const URL_B = "http://127.0.0.1:3002";

function makeRegistry(capacity = 8): {
  registry: Registry;
  table: StateTable;
  events: RegistryEvent[];
} {
  const table = new StateTable(capacity);
  const registry = new Registry(table);
  const events: RegistryEvent[] = [];
  registry.subscribe((event) => events.push(event));
  return { registry, table, events };
}

function codeOf(action: () => unknown): string {
  return assertThrows(action, BalancerError).code;
}

Deno.test("Registry.add() fills in the defaults and announces the server", () => {
  const { registry, events } = makeRegistry();
  const { server } = registry.add({ url: "HTTP://127.0.0.1:3001/" });
  assertEquals(server, {
    url: URL_A,
    name: "127.0.0.1:3001",
    weight: 1,
    healthCheckPeriod: 10,
    maxConnections: 0,
    draining: false,
  });
  assertEquals(events.map(({ type }) => type), ["added"]);
});

Deno.test("Registry.add() rejects another spelling of an existing URL", () => {
  const { registry, events } = makeRegistry();
  registry.add({ url: "http://example.com" });
  assertEquals(codeOf(() => registry.add({ url: "http://EXAMPLE.com:80/" })), "already_exists");
  assertEquals(registry.entries().length, 1);
  assertEquals(events.length, 1);
});

Deno.test("Registry.add() rejects a server when the table is full", () => {
  const { registry } = makeRegistry(1);
  registry.add({ url: URL_A });
  assertEquals(codeOf(() => registry.add({ url: URL_B })), "full");
  assertEquals(registry.entries().length, 1);
});

Deno.test("Registry.update() keeps other fields, and the slot", () => {
  const { registry, table, events } = makeRegistry();
  const { slot } = registry.add({
    url: URL_A,
    name: "one",
    weight: 2,
    healthCheckPeriod: 5,
    maxConnections: 0,
    draining: false,
  });
  const entry = registry.update(URL_A, { weight: 7 });
  const changed = { url: URL_A, name: "one", weight: 7, healthCheckPeriod: 5 };
  assertEquals(entry.server, completeServer(changed));
  assertEquals(entry.slot, slot);
  assertEquals(table.weight(slot), 7);
  const last = events.at(-1)!;
  assertEquals(last.type === "updated" && last.previous.weight, 2);
});

Deno.test("Registry.update() and remove() reject an unknown URL", () => {
  const { registry, events } = makeRegistry();
  assertEquals(codeOf(() => registry.update(URL_A, { weight: 1 })), "not_found");
  assertEquals(codeOf(() => registry.remove(URL_A)), "not_found");
  assertEquals(events, []);
});

Deno.test("Registry.remove() frees the slot only when its last request has ended", () => {
  const { registry, table } = makeRegistry(1);
  const { slot } = registry.add({ url: URL_A });
  table.begin(slot);
  registry.remove(URL_A);
  assertEquals(registry.inSlot(slot), undefined);
  assertEquals(codeOf(() => registry.add({ url: URL_B })), "full");
  table.finish(slot);
  assertEquals(registry.add({ url: URL_B }).slot, slot);
  assertEquals(table.active(slot), 0);
});

Deno.test("StateTable.allocate() resets a slot", () => {
  const table = new StateTable(1);
  const slot = table.allocate(3);
  table.begin(slot);
  table.finish(slot);
  table.setHealthy(slot, false);
  table.release(slot);
  assertEquals(table.allocate(4), slot);
  assertEquals(
    [table.weight(slot), table.isHealthy(slot), table.active(slot), table.picked(slot)],
    [4, true, 0, 0],
  );
});

Deno.test("StateTable.generation changes exactly when a pick may depend on it", () => {
  const table = new StateTable(2);
  const slot = table.allocate(1);
  table.open(slot);
  const before = table.generation;
  table.setWeight(slot, 1);
  table.setHealthy(slot, true);
  table.begin(slot);
  assertEquals(table.generation, before);
  table.setWeight(slot, 2);
  table.setHealthy(slot, false);
  table.release(slot);
  assertEquals(table.generation, before + 3);
});
