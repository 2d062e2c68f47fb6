import { assert, assertEquals } from "@std/assert";
import { EtcdClient } from "../../src/cluster/etcd/etcd_client.ts";
import { EtcdCluster, etcdTest } from "../testing/etcd_cluster.ts";
import { RunningBalancer } from "../testing/program.ts";
import { freePorts, RunningCli } from "../testing/run_cli.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";

/** Enough servers for writing them to take a while. */
const MANY = 5000;

function yaml(count: number, letter: string): string {
  const lines = Array.from(
    { length: count },
    (_, i) => `- { url: "http://${letter}${i}.invalid", health_check_period: 0 }\n`,
  );
  return lines.join("");
}

/** Waits until a key exists. */
async function untilThere(endpoints: readonly string[], key: string): Promise<void> {
  using etcd = new EtcdClient({ endpoints });
  const found = new AbortController();
  await etcd.watch({
    keys: { from: key, to: `${key}\0` },
    revision: 1,
    signal: found.signal,
    onChanges: () => found.abort(),
  });
}

etcdTest(
  "if the balancer that seeds etcd is killed, the next one writes a complete set",
  async () => {
    await using cluster = await EtcdCluster.start();
    const flag = `--etcd=${cluster.endpoints.join(",")}`;
    await using many = await makeTemporaryFile(yaml(MANY, "a"));
    await using few = await makeTemporaryFile(yaml(3, "b"));
    const [port, apiPort] = freePorts(2);
    const begun = untilThere(cluster.endpoints, "/ballast/seeding/begun");
    await using killed = new RunningCli(
      ...["listen", `--config=${many.path}`, flag, `--port=${port}`, `--api-port=${apiPort}`],
    );
    await begun;
    killed.kill("SIGKILL");
    await killed.result();
    const left = Object.keys(await cluster.dump("/ballast/servers/"));
    assert(left.length > 0 && left.length < MANY, `${left.length} of ${MANY} were written`);
    // Both wait until the lock of the killed one expires.
    await using one = await RunningBalancer.start(`--config=${few.path}`, flag);
    await using other = await RunningBalancer.start(flag);
    const expected = [0, 1, 2].map((i) => `http://b${i}.invalid`);
    for (const balancer of [one, other]) {
      const { stdout } = await balancer.run("list-servers", "--json");
      assertEquals(JSON.parse(stdout).map(({ url }: { url: string }) => url).sort(), expected);
    }
    assertEquals(Object.keys(await cluster.dump("/ballast/se")), [
      "/ballast/seeded",
      ...expected.map((url) => `/ballast/servers/${url}`),
    ]);
  },
);
