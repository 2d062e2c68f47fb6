import { EtcdClient } from "../../src/cluster/etcd/etcd_client.ts";
import { keysUnder } from "../../src/cluster/etcd/etcd_types.ts";
import { backoff } from "../../src/runtime/time.ts";
import { serverValue } from "../../src/cluster/store/server_value.ts";
import { completeServer } from "../../src/model/server.ts";
import { pace } from "../../tests/chaos/pace.ts";
import { EtcdCluster } from "../../tests/testing/etcd_cluster.ts";

const PREFIX = "/ballast/servers/";
const CHUNK = 100;

/**
 * Lets balancers that join in one moment read all servers, each again and again until it has them.
 *
 * @param readers How many balancers.
 * @param servers How many servers.
 * @returns After how many milliseconds the last one has read them.
 */
export async function measureReading(readers: number, servers: number): Promise<number> {
  await using cluster = await EtcdCluster.start();
  using etcd = new EtcdClient({ endpoints: cluster.endpoints });
  for (let at = 0; at < servers; at += CHUNK) {
    const writes = Array.from({ length: CHUNK }, (_, i) => {
      const server = completeServer({ url: `http://10.0.0.1:8080/${at + i}` });
      return { put: PREFIX + server.url, value: serverValue(server) };
    });
    await etcd.transact({ when: [], writes });
  }
  async function read(): Promise<void> {
    for (let failures = 1;; failures++) {
      try {
        await etcd.range(keysUnder(PREFIX));
        return;
      } catch {
        await pace(backoff(failures, Math.random()));
      }
    }
  }
  const from = performance.now();
  await Promise.all(Array.from({ length: readers }, read));
  return performance.now() - from;
}
