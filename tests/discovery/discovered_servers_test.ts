import { assertEquals } from "@std/assert";
import type { DiscoveredAddress } from "../../src/model/discovery.ts";
import { BalancerError } from "../../src/model/errors.ts";
import { Registry } from "../../src/state/registry.ts";
import { completeServer, type Server } from "../../src/model/server.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { DiscoveredServers } from "../../src/discovery/discovered_servers.ts";
import { LogWatcher } from "../testing/log_watcher.ts";

const ONE = completeServer({ url: "http://one.test", weight: 2, discover: "dns" });
const TWO = completeServer({ url: "http://two.test", weight: 5, discover: "dns" });

/** Addresses by the last number. */
function at(...numbers: number[]): DiscoveredAddress[] {
  return numbers.map((number) => (
    { address: `10.0.0.${number}`, port: undefined, weight: 1, source: "a" }
  ));
}

/** The servers of a registry: the last number, and whose they are. */
function shown(registry: Registry): string[] {
  return registry.entries().map(({ server: { url, discoveredBy = "given" } }) =>
    `${url.slice(-1)} ${discoveredBy.slice(7)}`.trim()
  );
}

function problems(servers: DiscoveredServers, entry: Server): (string | undefined)[] {
  return servers.list(entry.url).map(({ problem }) => problem);
}

Deno.test("DiscoveredServers leaves a server alone that was given, and takes it when that is given up", () => {
  const registry = new Registry(new StateTable(10));
  const servers = new DiscoveredServers(registry);
  registry.add({ url: "http://10.0.0.1", weight: 9 });
  servers.add(ONE, at(1, 2));
  servers.removeLost(ONE.url);
  assertEquals(registry.entries().map(({ server }) => server.weight), [9, 2]);
  const why = "a server with this URL is configured already";
  assertEquals(problems(servers, ONE), [why, undefined]);
  const { slot } = registry.get("http://10.0.0.1");
  servers.release("http://10.0.0.1");
  // It has the same place, so what it is working on goes on.
  assertEquals(registry.get("http://10.0.0.1").slot, slot);
  assertEquals(registry.entries().map(({ server }) => server.weight), [2, 2]);
  assertEquals(problems(servers, ONE), [undefined, undefined]);
});

Deno.test("DiscoveredServers gives a server that two entries have found to the first, then to the other", () => {
  const registry = new Registry(new StateTable(10));
  const servers = new DiscoveredServers(registry);
  servers.add(ONE, at(1, 2));
  servers.add(TWO, at(2, 3));
  assertEquals(shown(registry), ["1 one.test", "2 one.test", "3 two.test"]);
  assertEquals(problems(servers, TWO), ["http://one.test has discovered it already", undefined]);
  servers.add(ONE, at(1));
  servers.removeLost(ONE.url);
  assertEquals(shown(registry), ["1 one.test", "2 two.test", "3 two.test"]);
  assertEquals(registry.get("http://10.0.0.2").server.weight, 5);
  assertEquals(problems(servers, TWO), [undefined, undefined]);
  servers.add(ONE, at(1, 2, 3));
  servers.removeAll(TWO.url, undefined);
  assertEquals(shown(registry), ["1 one.test", "2 one.test", "3 one.test"]);
});

Deno.test("DiscoveredServers adds what there are places for, and the rest once there are more", async () => {
  await using log = await LogWatcher.start();
  const registry = new Registry(new StateTable(2));
  const servers = new DiscoveredServers(registry);
  servers.add(ONE, at(1, 2, 3));
  servers.removeLost(ONE.url);
  assertEquals(shown(registry), ["1 one.test", "2 one.test"]);
  assertEquals(problems(servers, ONE)[2]?.slice(0, 28), "Cannot add http://10.0.0.3: ");
  for (let times = 0; times < 3; times++) {
    servers.add(ONE, at(1, 2, 3));
    servers.removeLost(ONE.url);
  }
  assertEquals(log.lines.filter((line) => line.includes("Skipping")).length, 1);
  servers.add(ONE, at(3, 4));
  servers.removeLost(ONE.url);
  assertEquals(shown(registry), ["3 one.test", "4 one.test"]);
  // That there was no place for a moment is not worth a word.
  assertEquals(log.lines.filter((line) => line.includes("Skipping")).length, 1);
});

Deno.test("DiscoveredServers names five of many addresses that it leaves out, and counts the rest", async () => {
  await using log = await LogWatcher.start();
  const registry = new Registry(new StateTable(1));
  const servers = new DiscoveredServers(registry);
  servers.add(ONE, at(...Array.from({ length: 200 }, (_, i) => i)));
  servers.removeLost(ONE.url);
  const lines = log.lines.filter((line) => /Skipping|others of/.test(line));
  assertEquals([lines.length, lines.at(-1)], [6, "… and 194 others of http://one.test"]);
});

Deno.test("DiscoveredServers leaves out what the process may not connect to", () => {
  const refusal = new BalancerError("not_permitted", "no permission");
  const registry = new Registry(new StateTable(10), () => true, (added) => {
    if (added.some(({ url }) => url.endsWith("2"))) throw refusal;
  });
  const servers = new DiscoveredServers(registry);
  servers.add(ONE, at(1, 2, 3));
  servers.removeLost(ONE.url);
  assertEquals(shown(registry), ["1 one.test", "3 one.test"]);
  assertEquals(problems(servers, ONE), [undefined, "no permission", undefined]);
});

Deno.test("DiscoveredServers changes only what is different", () => {
  const registry = new Registry(new StateTable(10));
  const servers = new DiscoveredServers(registry);
  servers.add(ONE, at(1, 2));
  const events: string[] = [];
  registry.subscribe(({ type, entry }) => events.push(`${type} ${entry.server.url.slice(-1)}`));
  servers.add(ONE, [...at(1), ...at(2).map((found) => ({ ...found, weight: 3 }))]);
  assertEquals(events, ["updated 2"]);
  assertEquals(registry.get("http://10.0.0.2").server.weight, 6);
});
