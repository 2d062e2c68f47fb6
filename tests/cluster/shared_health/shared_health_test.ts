import { assert, assertEquals } from "@std/assert";
import { EtcdCluster, etcdTest } from "../../testing/etcd_cluster.ts";
import { checksIn, DETECTION, namesIn, PERIOD, RealCluster } from "../real_cluster.ts";

const SERVERS = 20;
const NAMES = ["one", "three", "two"];
/** Time to live of results and leases, in milliseconds. */
const LEASE = 10_000;
/** Slack for a loaded machine, in milliseconds. */
const SLACK = 4000;

/** Asserts that one balancer checks each server, by the number of checks. */
async function assertCheckedOnce(cluster: RealCluster): Promise<void> {
  const { each, seconds } = await cluster.countProbes(SERVERS * 5);
  // Two checks of a balancer are 0.8 to 1 periods apart. A delayed connection may bring two
  // close together.
  const most = Math.floor(seconds / (PERIOD * 0.8)) + 2;
  for (const count of each) {
    assert(count >= 1 && count <= most, `${count} checks in ${seconds} s: ${each}`);
  }
}

async function assertNobodyFlipped(
  cluster: RealCluster,
  name: string,
  changes: number,
): Promise<void> {
  const { apiPort } = cluster.balancers.get(name)!;
  const url = `http://127.0.0.1:${apiPort}/events?follow=false&last=1000`;
  const text = await (await fetch(url)).text();
  const flips = text.match(/^event: (un)?healthy$/gm) ?? [];
  assertEquals(flips.length, changes, `${name}: ${text}`);
}

etcdTest(
  "balancers with --shared-health check each server once, whichever of them dies",
  async () => {
    await using etcd = await EtcdCluster.start();
    await using cluster = new RealCluster(etcd, SERVERS, ["--shared-health"]);
    await cluster.start(...NAMES);
    await cluster.untilAll("each server is checked once", (view) => {
      return checksIn(view) === SERVERS && namesIn(view).join() === NAMES.join();
    }, LEASE + SLACK);
    await assertCheckedOnce(cluster);

    // All see a server go down and come back within the period.
    const sample = cluster.samples[0]!;
    await sample.kill();
    await cluster.untilSeen(sample, false, DETECTION + SLACK);
    sample.start();
    await cluster.untilSeen(sample, true, DETECTION + SLACK);

    // The owner of a server dies, and that server goes down.
    const [seen] = (await cluster.servers("one")).filter(({ last_check }) =>
      last_check?.by === "two"
    );
    const orphan = cluster.samples.find(({ url }) => url === seen?.url);
    assert(orphan !== undefined, "two checks none of the servers");
    await cluster.kill("two");
    await orphan.kill();
    await cluster.untilSeen(orphan, false, LEASE + DETECTION + SLACK);
    const took = await cluster.untilAll("two is gone, and the others have its servers", (view) => {
      return namesIn(view).join() === "one,three" && checksIn(view) === SERVERS;
    }, LEASE + SLACK);
    assert(took < LEASE + SLACK, `${took}`);
    orphan.start();
    await cluster.untilSeen(orphan, true, DETECTION + SLACK);
    await assertCheckedOnce(cluster);

    // It comes back, and the checks are shared as before.
    await cluster.start("two");
    await cluster.untilAll("two is back", (view) => {
      return namesIn(view).join() === NAMES.join() && checksIn(view) === SERVERS;
    }, LEASE + SLACK);
    await assertCheckedOnce(cluster);
    for (const name of ["one", "three"]) await assertNobodyFlipped(cluster, name, 4);
    await assertNobodyFlipped(cluster, "two", 0);
  },
);

etcdTest(
  "balancers with --shared-health check all servers themselves while etcd is down",
  async () => {
    await using etcd = await EtcdCluster.start();
    await using cluster = new RealCluster(etcd, SERVERS, ["--shared-health"]);
    await cluster.start(...NAMES);
    const all = (view: Parameters<typeof checksIn>[0]) =>
      checksIn(view) === SERVERS && namesIn(view).length === 3;
    await cluster.untilAll("each server is checked once", all, LEASE + SLACK);
    const [member] = etcd.members;
    await member!.kill();
    // Each knows only its own status.
    await cluster.untilAll("every balancer checks every server", ({ self, members, error }) => {
      const own = members.find(({ id }) => id === self);
      return own?.status?.checks === SERVERS && error !== null;
    }, LEASE + SLACK);
    const { each, seconds } = await cluster.countProbes(SERVERS * 3 * 4);
    const least = Math.floor(seconds / PERIOD) * 2;
    for (const count of each) assert(count >= least, `${count} checks in ${seconds} s: ${each}`);
    const sample = cluster.samples[3]!;
    await sample.kill();
    await cluster.untilSeen(sample, false, DETECTION + SLACK);
    await member!.restart();
    await cluster.untilAll("each server is checked once again", all, LEASE + SLACK);
    sample.start();
    await cluster.untilSeen(sample, true, DETECTION + SLACK);
    await assertCheckedOnce(cluster);
    for (const name of NAMES) await assertNobodyFlipped(cluster, name, 2);
  },
);
