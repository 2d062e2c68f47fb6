import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { BalancerError, LoadBalancer } from "../../mod.ts";
import { Connectivity } from "../../src/cluster/store/connectivity.ts";
import { SharedKeys } from "../../src/cluster/store/shared_keys.ts";
import { SharedServers } from "../../src/cluster/store/shared_servers.ts";
import { serverPath } from "../testing/admin_caller.ts";
import { DnsServer } from "../testing/dns_server.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { Sharing } from "./sharing.ts";

const KEY = "/b/servers/";
const SERVER = "http://127.0.0.1:3001";
const SOURCE = "http://source.test:3001";

function init(url: string) {
  return { url, healthCheckPeriod: 0 };
}

Deno.test("SharedRegistry refuses to turn a server into a source, or a source into a server, and stores nothing", async () => {
  await using dns = await DnsServer.start(["tcp"]);
  await using sharing = new Sharing();
  const { registry, admin } = await sharing.sharer({
    seed: [init(SERVER), init("http://api.test"), { ...init(SOURCE), discover: "dns" }],
    dns,
  });
  const before = sharing.etcd.content;
  const named = "http://api.test";
  for (const [url, discover] of [[named, "dns"], [SOURCE, "dns-srv"]] as const) {
    const error = await assertRejects(() => registry.update(url, { discover }), BalancerError);
    assertEquals(error.code, "invalid");
  }
  const body = { url: named, discover: "dns" };
  const { status, json } = await admin.call("POST", "/update", { body });
  assertEquals(status, 400);
  assertStringIncludes(json.detail, `discover cannot be given to a server; delete ${named}`);
  assertEquals(sharing.etcd.content, before);
});

Deno.test("SharedRegistry turns a server into a source, and back, if the key says so", async () => {
  await using dns = await DnsServer.start(["tcp"]);
  await using sharing = new Sharing();
  const { registry, balancer } = await sharing.sharer({ seed: [init(SOURCE)], dns });
  sharing.etcd.put(KEY + SOURCE, '{"discover": "dns", "health_check_period": 0}');
  await sharing.advance(0);
  assertEquals(balancer.discovery().map(({ source }) => source.url), [SOURCE]);
  assertEquals(registry.registry.faults, []);
  sharing.etcd.put(KEY + SOURCE, '{"health_check_period": 0}');
  await sharing.advance(0);
  assertEquals(balancer.discovery(), []);
  assertEquals(balancer.servers().map(({ url }) => url), [SOURCE]);
});

Deno.test("SharedRegistry finds, updates and deletes a source like a server", async () => {
  await using dns = await DnsServer.start(["tcp"]);
  await using sharing = new Sharing();
  const { admin } = await sharing.sharer({ seed: [{ ...init(SOURCE), discover: "dns" }], dns });
  const { json: list } = await admin.call("GET", "/discovery");
  assertEquals(list.map(({ url }: { url: string }) => url), [SOURCE]);
  const path = serverPath(SOURCE);
  const { status, json, headers } = await admin.call("GET", path);
  assertEquals([status, json.discover], [200, "dns"]);
  const etag = headers.get("etag")!;
  const patched = await sharing.finish(
    admin.call("PATCH", path, { body: { weight: 4 }, headers: { "if-match": etag } }),
  );
  assertEquals([patched.status, patched.json.weight], [200, 4]);
  assertEquals((await sharing.finish(admin.call("DELETE", path))).status, 200);
  assertEquals((await admin.call("GET", path)).status, 404);
});

Deno.test("SharedServers adds a discovered server as soon as its source releases it", async () => {
  await using dns = await DnsServer.start(["tcp"]);
  dns.setAddresses("api.test", 300, ["127.0.0.1"]);
  await using balancer = new LoadBalancer({ dns: { server: dns.address } });
  balancer.add({ ...init("http://api.test:3001"), discover: "dns" });
  await balancer.settled();
  const clock = new FakeClock();
  using shared = new SharedServers(
    { connectivity: new Connectivity(clock), clock },
    { balancer, keys: new SharedKeys("/b/"), distrust: 30 },
  );
  const keyValue = {
    key: KEY + SERVER,
    value: '{"weight": 3, "health_check_period": 0}',
    createRevision: 2,
    modRevision: 2,
  };
  await shared.change([{ type: "put", keyValue }]);
  assertEquals(shared.faults().map(({ key }) => key), [KEY + SERVER]);
  balancer.remove("http://api.test:3001");
  await Promise.resolve();
  assertEquals(balancer.servers().map(({ url, weight }) => [url, weight]), [[SERVER, 3]]);
  assertEquals(shared.faults(), []);
});
