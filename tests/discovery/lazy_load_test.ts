import { assert, assertEquals } from "@std/assert";
import { readLoadedModules } from "../testing/module_graph.ts";

Deno.test("nothing that asks DNS is loaded before a name is looked up", async () => {
  const asking = /dns-packet|node:|dns_(client|message|tcp|udp)\.ts|system_resolver\.ts/;
  const library = await readLoadedModules("mod.ts");
  assert(library.includes("src/discovery/dns_discovery.ts"));
  assertEquals(library.filter((module) => asking.test(module)), []);
  const client = await readLoadedModules("src/discovery/make_dns_client.ts");
  assert(client.includes("dns-packet"), client.join());
});
