import { type JoinedCluster, joinEtcd } from "../../src/cluster/mod.ts";
import { LoadBalancer, type ServerInit } from "../../mod.ts";
import { pace } from "../../tests/chaos/pace.ts";
import { CountingFetch } from "./etcd_gauge.ts";

/** Balancers in this process that share their servers through etcd. */
export class SharingBalancers implements AsyncDisposable {
  /** The traffic of each to and from etcd. */
  readonly lines: CountingFetch[] = [];
  readonly #balancers: { readonly balancer: LoadBalancer; readonly shared: JoinedCluster }[] = [];

  /**
   * Starts them.
   *
   * @param count How many.
   * @param options Where they share which servers, and whether they share the checks.
   */
  static async start(
    count: number,
    { endpoints, servers, sharedHealth }: {
      readonly endpoints: readonly string[];
      readonly servers: readonly ServerInit[];
      readonly sharedHealth: boolean;
    },
  ): Promise<SharingBalancers> {
    const all = new SharingBalancers();
    for (let i = 0; i < count; i++) {
      const line = new CountingFetch();
      const balancer = new LoadBalancer();
      const shared = await joinEtcd(balancer, {
        endpoints,
        fetch: line.fetch,
        seed: servers,
        fleet: { name: `ballast-${i + 1}`, sharedHealth },
      });
      all.lines.push(line);
      all.#balancers.push({ balancer, shared });
    }
    return all;
  }

  /** The first of them. */
  get first(): JoinedCluster {
    return this.#balancers[0]!.shared;
  }

  /** Waits until so many checks are divided among them. */
  async untilDivided(checks: number): Promise<void> {
    for (;;) {
      const { members } = await this.first.report();
      const sum = members.reduce((sum, { status }) => sum + (status?.checks ?? 0), 0);
      if (members.length === this.#balancers.length && sum === checks) return;
      await pace(500);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { balancer, shared } of this.#balancers) {
      await shared[Symbol.asyncDispose]();
      await balancer.close();
    }
  }
}
