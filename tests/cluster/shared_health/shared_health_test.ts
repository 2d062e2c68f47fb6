import { assert, assertEquals } from "@std/assert";
import { EtcdCluster, etcdTest } from "../../testing/etcd_cluster.ts";
import { checksIn, DETECTION, namesIn, PERIOD, RealFleet } from "../real_cluster.ts";

const SERVERS = 20;
const NAMES = ["one", "three", "two"];
/** For how long results count, and a lease holds, in milliseconds. */
const LEASE = 10_000;
/** How long a loaded machine may take for what takes no time, in milliseconds. */
const SLACK = 4000;

/** Asserts that every server is checked by one balancer only: never more often than one would. */
async function assertCheckedOnce(fleet: RealFleet): Promise<void> {
  const { each, seconds } = await fleet.countProbes(SERVERS * 5);
  // Two checks of a balancer are 0.8 to 1 periods apart. A connection that waits may bring two
  // close together.
  const most = Math.floor(seconds / (PERIOD * 0.8)) + 2;
  for (const count of each) {
    assert(count >= 1 && count <= most, `${count} checks in ${seconds} s: ${each}`);
  }
}

async function assertNobodyFlipped(fleet: RealFleet, name: string, changes: number): Promise<void> {
  const { apiPort } = fleet.balancers.get(name)!;
  const url = `http://127.0.0.1:${apiPort}/events?follow=false&last=1000`;
  const text = await (await fetch(url)).text();
  const flips = text.match(/^event: (un)?healthy$/gm) ?? [];
  assertEquals(flips.length, changes, `${name}: ${text}`);
}

etcdTest(
  "balancers with --shared-health check each server once, whoever of them dies",
  async () => {
    await using cluster = await EtcdCluster.start();
    await using fleet = new RealFleet(cluster, SERVERS, ["--shared-health"]);
    await fleet.start(...NAMES);
    await fleet.untilAll("each server is checked once", (view) => {
      return checksIn(view) === SERVERS && namesIn(view).join() === NAMES.join();
    }, LEASE + SLACK);
    await assertCheckedOnce(fleet);

    // A server that goes down, and comes back, is seen by all within the period.
    const sample = fleet.samples[0]!;
    await sample.kill();
    await fleet.untilSeen(sample, false, DETECTION + SLACK);
    sample.start();
    await fleet.untilSeen(sample, true, DETECTION + SLACK);

    // The one that checks a server dies, and another server of its goes down.
    const [seen] = (await fleet.servers("one")).filter(({ last_check }) =>
      last_check?.by === "two"
    );
    const orphan = fleet.samples.find(({ url }) => url === seen?.url);
    assert(orphan !== undefined, "two checks none of the servers");
    await fleet.kill("two");
    await orphan.kill();
    await fleet.untilSeen(orphan, false, LEASE + DETECTION + SLACK);
    const took = await fleet.untilAll("two is gone, and the others have its servers", (view) => {
      return namesIn(view).join() === "one,three" && checksIn(view) === SERVERS;
    }, LEASE + SLACK);
    assert(took < LEASE + SLACK, `${took}`);
    orphan.start();
    await fleet.untilSeen(orphan, true, DETECTION + SLACK);
    await assertCheckedOnce(fleet);

    // It comes back, and everything is as before.
    await fleet.start("two");
    await fleet.untilAll("two is back", (view) => {
      return namesIn(view).join() === NAMES.join() && checksIn(view) === SERVERS;
    }, LEASE + SLACK);
    await assertCheckedOnce(fleet);
    for (const name of ["one", "three"]) await assertNobodyFlipped(fleet, name, 4);
    await assertNobodyFlipped(fleet, "two", 0);
  },
);

etcdTest("balancers with --shared-health check for themselves while etcd is away", async () => {
  await using cluster = await EtcdCluster.start();
  await using fleet = new RealFleet(cluster, SERVERS, ["--shared-health"]);
  await fleet.start(...NAMES);
  const all = (view: Parameters<typeof checksIn>[0]) =>
    checksIn(view) === SERVERS && namesIn(view).length === 3;
  await fleet.untilAll("each server is checked once", all, LEASE + SLACK);
  const [member] = cluster.members;
  await member!.kill();
  // Each can tell of itself only.
  await fleet.untilAll("everybody checks everything", ({ self, members, error }) => {
    const own = members.find(({ id }) => id === self);
    return own?.status?.checks === SERVERS && error !== null;
  }, LEASE + SLACK);
  const { each, seconds } = await fleet.countProbes(SERVERS * 3 * 4);
  const least = Math.floor(seconds / PERIOD) * 2;
  for (const count of each) assert(count >= least, `${count} checks in ${seconds} s: ${each}`);
  const sample = fleet.samples[3]!;
  await sample.kill();
  await fleet.untilSeen(sample, false, DETECTION + SLACK);
  await member!.restart();
  await fleet.untilAll("each server is checked once again", all, LEASE + SLACK);
  sample.start();
  await fleet.untilSeen(sample, true, DETECTION + SLACK);
  await assertCheckedOnce(fleet);
  for (const name of NAMES) await assertNobodyFlipped(fleet, name, 2);
});
