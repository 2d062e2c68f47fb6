import { assertEquals } from "@std/assert";
import { until } from "../../chaos/pace.ts";
import { EtcdCluster, NO_ETCD } from "../../testing/etcd_cluster.ts";
import { RemoteBalancer } from "../remote_balancer.ts";
import type { Check } from "./check.ts";

/** How long a change may take to come to another balancer, in milliseconds. */
const WITHIN_MS = 5000;

/** Checks of clusters. */
export const SHARING_CHECKS: readonly Check[] = [
  {
    name: `shares its servers with other balancers through etcd${NO_ETCD}`,
    ignore: NO_ETCD !== "",
    async run(runtime) {
      await using cluster = await EtcdCluster.start();
      const { endpoints } = cluster;
      // Unlike servers, etcd is asked through the proxy that the environment names.
      const direct = { ...runtime, env: {} };
      await using one = await RemoteBalancer.start(direct, {}, { endpoints });
      await using other = await RemoteBalancer.start(direct, {}, { endpoints });
      const url = "http://127.0.0.1:9";
      assertEquals((await one.admin("/add", { url, health_check_period: 0 })).status, 200);
      const hasIt = async () => (await other.servers()).some((server) => server.url === url);
      assertEquals(await until(hasIt, WITHIN_MS), true);
      assertEquals((await other.admin("/delete", url)).status, 200);
      assertEquals(await until(async () => (await one.servers()).length === 0, WITHIN_MS), true);
    },
  },
];
