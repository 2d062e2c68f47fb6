import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { until } from "../chaos/pace.ts";
import { EtcdCluster, etcdTest } from "../testing/etcd_cluster.ts";
import { RunningBalancer } from "../testing/program.ts";
import { runCli } from "../testing/run_cli.ts";
import { SampleServer } from "../testing/sample_server.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";

/** How long a balancer may take to see something, in milliseconds. */
const LIMIT_MS = 30_000;

// deno-lint-ignore no-explicit-any
async function health({ apiPort }: RunningBalancer): Promise<any> {
  return await (await fetch(`http://127.0.0.1:${apiPort}/healthz`)).json();
}

async function untilHeld(balancers: readonly RunningBalancer[], count: number): Promise<void> {
  for (const balancer of balancers) {
    const isSo = async () =>
      ((await health(balancer)).registry.held_removals?.count ?? 0) === count;
    assert(await until(isSo, LIMIT_MS), JSON.stringify(await health(balancer)));
  }
}

etcdTest("an etcd that lost its data takes no server away, until a person says so", async () => {
  await using cluster = await EtcdCluster.start();
  await using server = new SampleServer("one");
  await using config = await makeTemporaryFile(
    [server.url, "http://127.0.0.1:3002", "http://127.0.0.1:3003"]
      .map((url) =>
        `- { url: "${url}", health_check_period: 0, weight: ${url === server.url ? 1 : 0} }\n`
      )
      .join(""),
  );
  const args = [`--etcd=${cluster.endpoints}`, "--etcd-distrust=3600"];
  await using one = await RunningBalancer.start(...args, `--config=${config.path}`);
  await using other = await RunningBalancer.start(...args);
  const both = [one, other];
  const [member] = cluster.members;
  await member!.kill();
  await member!.wipe();
  await member!.restart();
  await untilHeld(both, 3);
  for (const balancer of both) {
    assertEquals((await health(balancer)).status, "warning");
    assertEquals(await (await fetch(balancer.url)).text(), "one");
    await balancer.waitForError("etcd has lost 3 servers that no balancer has deleted");
    const { stdout } = await balancer.run("status", "--once");
    assertStringIncludes(stdout, "WARNING: etcd has lost 3 servers that no balancer has deleted");
    assertStringIncludes(stdout, "  missing: http://127.0.0.1:3002\n");
  }
  const exported = await other.run("export-config");
  assertStringIncludes(exported.stdout, "distrust: 3600");
  assertStringIncludes(exported.stdout, server.url);
  // One comes back, and is as before.
  await cluster.put(`/ballast/servers/${server.url}`, '{"health_check_period": 0}');
  await untilHeld(both, 2);
  const accepted = await other.run("accept-servers");
  assertEquals(
    [accepted.code, accepted.stdout],
    [
      0,
      "Removed 2 servers missing from etcd:\n  http://127.0.0.1:3002\n  http://127.0.0.1:3003\n",
    ],
  );
  await untilHeld(both, 0);
  for (const balancer of both) {
    assertEquals((await health(balancer)).servers, 1);
    assertEquals((await health(balancer)).status, "ok");
  }
  assertEquals(
    (await one.run("accept-servers")).stdout,
    "No servers are missing from etcd; no changes\n",
  );
  // A deletion through a balancer takes effect at once, even of the last server.
  assertEquals((await one.run("delete-server", `--url=${server.url}`)).code, 0);
  assert(await until(async () => (await health(other)).servers === 0, LIMIT_MS));
  assertEquals([await one.stop(), await other.stop()], [0, 0]);
});

etcdTest("deleting every key by hand takes no server away before the time is over", async () => {
  await using cluster = await EtcdCluster.start();
  await using config = await makeTemporaryFile(
    '- { url: "http://127.0.0.1:3001", health_check_period: 0 }\n',
  );
  await using balancer = await RunningBalancer.start(
    ...[`--config=${config.path}`, `--etcd=${cluster.endpoints}`, "--etcd-distrust=2"],
  );
  const [key, range_end] = ["/ballast/", "/ballast0"].map(btoa);
  await cluster.call("/v3/kv/deleterange", { key, range_end });
  await untilHeld([balancer], 1);
  assertEquals((await health(balancer)).servers, 1);
  await balancer.waitForError(
    "Removing 1 server missing from etcd for 2 s: http://127.0.0.1:3001",
  );
  assertEquals((await health(balancer)).servers, 0);
});

Deno.test("accept-servers of a balancer that is alone says so, and listen wants seconds", async () => {
  await using config = await makeTemporaryFile('- { url: "http://127.0.0.1:3001" }\n');
  await using balancer = await RunningBalancer.start(`--config=${config.path}`);
  const { code, stderr } = await balancer.run("accept-servers");
  assertEquals(code, 1);
  assertStringIncludes(stderr, "This balancer is not part of a cluster");
  for (
    const [args, text] of [
      [["--etcd-distrust=5"], "--etcd-distrust needs --etcd, the URLs of etcd"],
      [
        ["--etcd=http://127.0.0.1:1", "--etcd-distrust=soon"],
        '--etcd-distrust must be a number from 0 to 86400, not "soon"',
      ],
    ] as const
  ) {
    const refused = await runCli("listen", ...args);
    assertEquals(refused.code, 2);
    assertStringIncludes(refused.stderr, text);
  }
});
