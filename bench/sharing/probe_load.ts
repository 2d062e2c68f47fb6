import { pace } from "../../tests/chaos/pace.ts";
import { EtcdCluster } from "../../tests/testing/etcd_cluster.ts";
import { CheckedServers } from "./checked_servers.ts";
import { SharingBalancers } from "./sharing_balancers.ts";

const PERIOD = 10;

/** How many checks a second there are. */
export interface ProbeLoad {
  readonly balancers: number;
  readonly servers: number;
  readonly shared: number;
  readonly alone: number;
}

/**
 * Counts the checks that servers get, with and without shared checks.
 *
 * @param balancers How many balancers there are.
 * @param servers How many servers, checked every ten seconds.
 * @param seconds For how long they are counted.
 */
export async function measureProbes(
  balancers: number,
  servers: number,
  seconds: number,
): Promise<ProbeLoad> {
  const [shared, alone] = [
    await count({ balancers, servers, seconds, sharedHealth: true }),
    await count({ balancers, servers, seconds, sharedHealth: false }),
  ];
  return { balancers, servers, shared, alone };
}

async function count(
  { balancers, servers, seconds, sharedHealth }: {
    balancers: number;
    servers: number;
    seconds: number;
    sharedHealth: boolean;
  },
): Promise<number> {
  await using cluster = await EtcdCluster.start();
  await using checked = new CheckedServers(servers, PERIOD);
  await using all = await SharingBalancers.start(balancers, {
    endpoints: cluster.endpoints,
    servers: checked.servers,
    sharedHealth,
  });
  await all.untilDivided(sharedHealth ? servers : servers * balancers);
  // The first checks come together; after a period, they are spread.
  await pace(2 * PERIOD * 1000);
  const before = checked.probes;
  const from = performance.now();
  await pace(seconds * 1000);
  return (checked.probes - before) / ((performance.now() - from) / 1000);
}
