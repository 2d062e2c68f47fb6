import { assert } from "@std/assert";
import { LoadBalancer, type ServerInit } from "../../mod.ts";
import type { ClusterOptions } from "../../src/cluster/cluster_options.ts";
import { SharedRegistry } from "../../src/cluster/shared_registry.ts";
import { AdminCaller } from "../testing/admin_caller.ts";
import type { DnsServer } from "../testing/dns_server.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { FakeEtcd } from "../testing/fake_etcd.ts";

/** A balancer that shares its servers, and its admin API. */
export interface Sharer {
  readonly balancer: LoadBalancer;
  readonly registry: SharedRegistry;
  readonly admin: AdminCaller;
}

/** Balancers that share their servers through an in-memory etcd, on a fake clock. */
export class Sharing implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly etcd = new FakeEtcd(this.clock);
  readonly #sharers: Sharer[] = [];

  /** Adds a balancer, which joins by default. */
  async sharer(
    { seed = [], servers = [], join = true, fleet, dns, distrust }: {
      seed?: readonly ServerInit[];
      servers?: readonly ServerInit[];
      join?: boolean;
      fleet?: ClusterOptions;
      dns?: DnsServer;
      distrust?: number;
    } = {},
  ): Promise<Sharer> {
    const balancer = new LoadBalancer({
      servers,
      ...(dns === undefined ? {} : { dns: { server: dns.address } }),
    });
    const registry = new SharedRegistry(balancer, {
      etcd: this.etcd,
      prefix: "/b/",
      seed,
      ...(fleet === undefined ? {} : { fleet }),
      ...(distrust === undefined ? {} : { distrust }),
      clock: this.clock,
      random: () => 0.5,
    });
    const sharer = { balancer, registry, admin: new AdminCaller(balancer, { cluster: registry }) };
    this.#sharers.push(sharer);
    if (join) await this.finish(registry.join());
    return sharer;
  }

  /** Advances the clock until the work is done. */
  async finish<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    work.then(() => isOver = true, () => isOver = true);
    for (let step = 0; step < 200 && !isOver; step++) await this.advance(100);
    assert(isOver, "the work does not end");
    return await work;
  }

  /** Advances the clock, and runs everything that waits for the event loop only. */
  async advance(milliseconds: number): Promise<void> {
    await this.clock.advance(milliseconds);
    // Requests and responses need turns of the event loop.
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    await this.clock.advance(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { registry, balancer } of this.#sharers) {
      await registry[Symbol.asyncDispose]();
      await balancer.close();
    }
  }
}

/** The weights of a balancer's servers by URL, sorted. */
export function weightsOf({ balancer }: Sharer): Record<string, number> {
  const servers = balancer.servers().map(({ url, weight }) => [url, weight] as const);
  return Object.fromEntries(servers.sort(([one], [other]) => one < other ? -1 : 1));
}
