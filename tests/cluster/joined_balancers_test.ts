import { assert, assertEquals, assertRejects } from "@std/assert";
import { LoadBalancer, type ServerInit } from "../../mod.ts";
import { joinEtcd } from "../../src/cluster/mod.ts";
import { serverPath } from "../testing/admin_caller.ts";
import { serveBalancer } from "../testing/balancer.ts";
import { EtcdCluster, etcdTest } from "../testing/etcd_cluster.ts";
import { pem } from "../testing/certificates.ts";
import { RawClient } from "../testing/raw_client.ts";
import { RawServer } from "../testing/raw_server.ts";
import { Joined, joinSeveral, serversIn } from "./joining.ts";

const A = "http://127.0.0.1:3001";
const PATH = serverPath(A);
/** Number of races between balancers. */
const RACES = 25;

/** Creates servers with different URLs for each letter. */
function servers(count: number, letter: string): ServerInit[] {
  return Array.from(
    { length: count },
    (_, i) => ({ url: `http://${letter}${i}.invalid`, healthCheckPeriod: 0 }),
  );
}

etcdTest("of three balancers that change a server with the same tag exactly one wins", async () => {
  await using cluster = await EtcdCluster.start({ members: 3 });
  await using joined = await joinSeveral(3, cluster, "/tags/");
  const [first] = joined.all;
  await first!.admin.call("POST", "/add", { body: { url: A, health_check_period: 0 } });
  const winners = new Set<number>();
  for (let race = 0; race < RACES; race++) {
    const { headers } = await first!.admin.call("GET", PATH);
    const etag = headers.get("etag")!;
    const answers = await Promise.all(joined.all.map(async (one, i) => {
      await one.until(() => one.servers[A] !== undefined);
      return await one.admin.call("PATCH", PATH, {
        headers: { "if-match": etag },
        body: { name: `${race}-${i}` },
      });
    }));
    // A balancer that has not seen the latest change yet rejects the tag as well.
    const won = answers.flatMap(({ status }, i) => status === 200 ? [i] : []);
    assertEquals(won.length, 1, answers.map(({ status }) => status).join());
    assertEquals(answers.filter(({ status }) => status === 412).length, 2);
    const name = `${race}-${won[0]}`;
    for (const one of joined.all) await one.until(() => one.servers[A]!.name === name);
    winners.add(won[0]!);
  }
  assert(winners.size > 1, "they did race");
});

for (const [one, other, races] of [[3, 5, 50], [150, 260, 6], [2, 150, 6]] as const) {
  etcdTest(
    `of two balancers with ${one} and ${other} servers one seeds an empty etcd`,
    async () => {
      await using cluster = await EtcdCluster.start({ members: 1 });
      const winners = new Set<string>();
      for (let race = 0; race < races; race++) {
        const prefix = `/race-${race}/`;
        const lists = { a: servers(one, "a"), b: servers(other, "b") };
        const both = await Promise.all([
          Joined.join(cluster, prefix, lists.a),
          Joined.join(cluster, prefix, lists.b),
        ]);
        await using stack = new AsyncDisposableStack();
        for (const joined of both) stack.use(joined);
        const [left, right] = both.map(({ servers }) => Object.keys(servers).sort());
        assertEquals(left, right);
        const letter = left![0]!["http://".length] as "a" | "b";
        assertEquals(left, lists[letter].map(({ url }) => url).sort());
        assertEquals(Object.keys(await serversIn(cluster, prefix)).sort(), left);
        const marks = Object.keys(await cluster.dump(prefix)).filter((key) => /seed/.test(key));
        assertEquals(marks, [`${prefix}seeded`]);
        winners.add(letter);
      }
      // The winner may depend on the machine.
      assert(winners.size > 0);
    },
  );
}

etcdTest("an invalid value is reported and ignored, and affects nothing else", async () => {
  await using cluster = await EtcdCluster.start();
  await using joined = await joinSeveral(2, cluster, "/b/");
  const [one, other] = joined.all as [Joined, Joined];
  await one.admin.call("POST", "/add", { body: { url: A, weight: 7, health_check_period: 0 } });
  // Bytes that are not UTF-8, in a value and in a key.
  const bytes = btoa("\xff\xfe\x00\x80");
  await cluster.call("/v3/kv/put", { key: btoa(`/b/servers/${A}`), value: bytes });
  await cluster.call("/v3/kv/put", { key: btoa("/b/servers/\xff\x1b[31m"), value: btoa("{}") });
  await cluster.put("/b/servers/http://127.0.0.1:3002", "x".repeat(100_000));
  await cluster.put("/b/servers/http://127.0.0.1:3003", '{"health_check_period": 0, "name": ""}');
  await cluster.put("/b/servers/http://127.0.0.1:3004", '{"health_check_period": 0}');
  const last = "http://127.0.0.1:3004";
  for (
    const { until, servers } of [one, other].map((joined) => ({
      until: () => joined.until(() => joined.servers[last] !== undefined),
      servers: () => Object.entries(joined.servers).map(([url, { weight }]) => [url, weight]),
    }))
  ) {
    await until();
    assertEquals(servers(), [[A, 7], [last, 1]]);
  }
  for (const { shared, admin } of joined.all) {
    assertEquals(shared.registry.faults.length, 4);
    const { status, json } = await admin.call("GET", "/stats");
    assertEquals([status, json.registry.fault_count], [200, 4]);
    assert(shared.registry.faults.every(({ message }) => message.length < 600));
  }
  // A balancer that joins later has never seen the valid value of the first key.
  await using late = await Joined.join(cluster, "/b/");
  assertEquals(Object.keys(late.servers), [last]);
});

etcdTest("the drain time of a removed server applies on every balancer", async () => {
  await using cluster = await EtcdCluster.start();
  await using server = new RawServer(async (connection) => {
    await connection.waitFor("\r\n\r\n");
    await connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n");
    await connection.closed;
  });
  await using one = await Joined.join(cluster, "/b/", [{ url: server.url, healthCheckPeriod: 0 }]);
  await using served = await serveBalancer([]);
  await using _ = await joinEtcd(served.balancer, {
    endpoints: cluster.endpoints,
    prefix: "/b/",
  });
  await using client = await RawClient.connect(served.url);
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.readUntil("begun");
  // Its requests in flight are aborted there too.
  const { status } = await one.admin.call("DELETE", `${serverPath(server.url)}?drain=0`);
  assertEquals(status, 200);
  assert((await client.readToEnd()).endsWith("begun\r\n"));
  assertEquals(served.balancer.servers(), []);
});

etcdTest(
  "joinEtcd() rejects an unknown user at once, and joins with the right password",
  async () => {
    await using cluster = await EtcdCluster.start({ password: "secret", tls: true });
    await using balancer = new LoadBalancer();
    const { endpoints } = cluster;
    const ca = pem("etcd_ca.crt");
    for (const password of ["wrong", "secret"]) {
      const joining = joinEtcd(balancer, {
        endpoints,
        ca,
        user: { name: "root", password },
        seed: [{ url: A, healthCheckPeriod: 0 }],
      });
      if (password === "wrong") await assertRejects(() => joining, Error, "authentication failed");
      else await (await joining)[Symbol.asyncDispose]();
    }
    assertEquals(balancer.servers().map(({ url }) => url), [A]);
  },
);

etcdTest("joinEtcd() aborts the wait for etcd with its signal", async () => {
  await using balancer = new LoadBalancer({ servers: [{ url: A, healthCheckPeriod: 0 }] });
  const stop = new AbortController();
  const endpoints = ["http://127.0.0.1:1"];
  const joining = joinEtcd(balancer, { endpoints, signal: stop.signal });
  stop.abort(new Error("enough"));
  await assertRejects(() => joining, Error, "enough");
  await using shared = await joinEtcd(balancer, { endpoints, wait: false });
  assertEquals([balancer.servers().length, shared.registry.connected], [1, false]);
});
