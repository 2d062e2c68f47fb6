import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { DiscoveryJson } from "../../src/admin/discovery.ts";
import { until } from "../chaos/pace.ts";
import { serverPath } from "../testing/admin_caller.ts";
import { DnsServer } from "../testing/dns_server.ts";
import { EtcdCluster, etcdTest } from "../testing/etcd_cluster.ts";
import { Neighbours } from "../testing/neighbours.ts";
import { RunningBalancer } from "../testing/program.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";

const [ONE, TWO] = ["127.0.0.1", "127.0.0.2"] as const;
/** How long a change may take to come to another balancer, in milliseconds. */
const LIMIT_MS = 20_000;

function api({ apiPort }: RunningBalancer, path: string, init?: RequestInit): Promise<Response> {
  return fetch(`http://127.0.0.1:${apiPort}${path}`, init);
}

/** The URLs that a balancer has found behind the names of its entries, with their weights. */
async function found(balancer: RunningBalancer): Promise<string[]> {
  const reports = await (await api(balancer, "/discovery")).json() as DiscoveryJson[];
  return reports.flatMap(({ addresses, weight }) =>
    addresses.filter(({ problem }) => problem === null).map(({ url }) => `${url} ${weight}`)
  );
}

async function untilFound(balancer: RunningBalancer, wanted: readonly string[]): Promise<void> {
  const isSo = async () => (await found(balancer)).join() === wanted.join();
  assert(await until(isSo, LIMIT_MS), `${await found(balancer)} are not ${wanted}`);
}

etcdTest("an entry with discover is every balancer's that shares an etcd", async () => {
  await using cluster = await EtcdCluster.start();
  await using dns = await DnsServer.start();
  await using servers = await Neighbours.start(ONE, TWO);
  dns.setAddresses("api.test", 300, [ONE, TWO]);
  await using config = await makeTemporaryFile(`dns: { server: "${dns.address}" }\n`);
  const args = [`--config=${config.path}`, `--etcd=${cluster.endpoints}`];
  await using one = await RunningBalancer.start(...args, "--etcd-name=one");
  await using other = await RunningBalancer.start(...args, "--etcd-name=other");
  const url = servers.url("api.test");
  const flags = ["--url", url, "--health-check-period", "0"];
  const added = await one.run("add-server", ...flags, "--name=api", "--discover=dns");
  assertEquals([added.code, added.stderr], [0, ""]);
  assertStringIncludes(added.stdout, `api (${url}): 2 addresses found by dns\n`);
  const addresses = [ONE, TWO].map((address) => servers.url(address));
  await untilFound(other, addresses.map((address) => `${address} 1`));
  for (const balancer of [one, other]) {
    const texts = [];
    for (let i = 0; i < 4; i++) texts.push(await (await fetch(balancer.url)).text());
    assertEquals([...new Set(texts)].sort(), [ONE, TWO]);
    const list = await balancer.run("list-servers");
    assertStringIncludes(list.stdout, `api (${url}): 2 addresses found by dns\n`);
  }
  // One that an entry has found is changed by the entry alone, and nothing else is taken for it.
  const alone = await other.run("delete-server", "--url", addresses[0]!);
  assertEquals(alone.code, 1);
  assertStringIncludes(alone.stderr, `it was discovered by ${url}; change the source instead`);
  const twice = await other.run("add-server", "--url", addresses[0]!);
  assertEquals(twice.code, 1);
  assertStringIncludes(twice.stderr, `it already exists, discovered by ${url}`);
  const changed = await api(other, serverPath(url), {
    method: "PATCH",
    body: '{"weight":4}',
    headers: { "content-type": "application/json" },
  });
  assertEquals([changed.status, (await changed.json()).weight], [200, 4]);
  await untilFound(one, addresses.map((address) => `${address} 4`));
  const plain = await one.run("add-server", "--url=http://plain.test", "--health-check-period=0");
  assertEquals(plain.code, 0, plain.stderr);
  const refused = await api(one, "/update", {
    method: "POST",
    body: '{"url":"http://plain.test","discover":"dns"}',
    headers: { "content-type": "application/json" },
  });
  assertEquals(refused.status, 400);
  assertStringIncludes((await refused.json()).detail, "discover cannot be given to a server");
  const deleted = await api(other, serverPath(url), { method: "DELETE" });
  assertEquals([deleted.status, (await deleted.json()).discover], [200, "dns"]);
  await untilFound(one, []);
  assertEquals((await api(other, serverPath(url))).status, 404);
  assertEquals([await one.stop(), await other.stop()], [0, 0]);
});
