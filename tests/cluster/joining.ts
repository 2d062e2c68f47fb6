import { LoadBalancer, type Server, type ServerInit } from "../../mod.ts";
import { type JoinedCluster, joinEtcd } from "../../src/cluster/mod.ts";
import { parseServer } from "../../src/cluster/store/server_value.ts";
import { AdminCaller } from "../testing/admin_caller.ts";
import type { EtcdCluster } from "../testing/etcd_cluster.ts";
import { within } from "../testing/until.ts";

/** A balancer that has joined a cluster through a real etcd. */
export class Joined implements AsyncDisposable {
  readonly balancer: LoadBalancer;
  readonly shared: JoinedCluster;
  readonly admin: AdminCaller;

  private constructor(balancer: LoadBalancer, shared: JoinedCluster) {
    this.balancer = balancer;
    this.shared = shared;
    this.admin = new AdminCaller(balancer, { cluster: shared });
  }

  /**
   * Creates a balancer that joins.
   *
   * @param cluster The etcd cluster.
   * @param prefix Prefix of the keys.
   * @param seed The initial servers. Default: none.
   */
  static async join(
    { endpoints }: EtcdCluster,
    prefix: string,
    seed: readonly ServerInit[] = [],
  ): Promise<Joined> {
    const balancer = new LoadBalancer();
    return new Joined(balancer, await joinEtcd(balancer, { endpoints, prefix, seed }));
  }

  /** The servers, by URL. */
  get servers(): Record<string, Server> {
    const { servers } = this.balancer.config();
    return Object.fromEntries(servers.map((server) => [server.url, server as Server]));
  }

  /** Waits for a condition that a change of the servers makes true. */
  async until(isSo: () => boolean): Promise<void> {
    if (isSo()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = this.balancer.events.subscribe(() => isSo() && resolve());
    await within("the servers to be as wanted", promise).finally(end);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shared[Symbol.asyncDispose]();
    await this.balancer.close();
  }
}

/** Creates several balancers that have joined through a real etcd. */
export async function joinSeveral(
  count: number,
  cluster: EtcdCluster,
  prefix: string,
): Promise<AsyncDisposable & { readonly all: readonly Joined[] }> {
  const stack = new AsyncDisposableStack();
  const all = await Promise.all(
    Array.from({ length: count }, () => Joined.join(cluster, prefix)),
  );
  for (const one of all) stack.use(one);
  return { all, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** The servers in etcd under a prefix, by URL. */
export async function serversIn(
  cluster: EtcdCluster,
  prefix: string,
): Promise<Record<string, Server>> {
  const values = Object.entries(await cluster.dump(`${prefix}servers/`));
  return Object.fromEntries(values.map(([key, value]) => {
    const url = key.slice(`${prefix}servers/`.length);
    return [url, parseServer(url, value)];
  }));
}
