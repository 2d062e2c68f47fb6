import { assert } from "@std/assert";
import type { ClusterJson } from "../../src/admin/cluster.ts";
import type { ServerStatusJson } from "../../src/admin/server_json.ts";
import { until } from "../chaos/pace.ts";
import type { EtcdCluster } from "../testing/etcd_cluster.ts";
import { RunningBalancer } from "../testing/program.ts";
import { SampleServer } from "../testing/sample_server.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";

/** Seconds between two checks of a server; jitter makes it up to a fifth less. */
export const PERIOD = 1;
/** Failed checks until a server is unhealthy: on a loaded machine one fails now and then. */
const FALL = 3;
/** Maximum time until a balancer detects that a server is down, in milliseconds. */
export const DETECTION = PERIOD * FALL * 1000;

/** Balancer processes that share their checks through a real etcd, and their servers. */
export class RealCluster implements AsyncDisposable {
  /** The servers. */
  readonly samples: readonly SampleServer[];
  /** The running balancers, by name. */
  readonly balancers = new Map<string, RunningBalancer>();
  readonly #cluster: EtcdCluster;
  readonly #args: readonly string[];

  /**
   * @param cluster The etcd cluster.
   * @param servers Number of servers.
   * @param args Further arguments of every balancer. Default: none.
   */
  constructor(cluster: EtcdCluster, servers: number, args: readonly string[] = []) {
    this.#cluster = cluster;
    this.#args = args;
    this.samples = Array.from({ length: servers }, (_, i) => new SampleServer(`s${i}`));
  }

  /** Starts balancers, and waits until they listen. */
  async start(...names: string[]): Promise<void> {
    const servers = this.samples.map(({ url, name }) => (
      { url, name, health_check_period: PERIOD }
    ));
    const health_check = { fall: FALL };
    await using config = await makeTemporaryFile(JSON.stringify({ health_check, servers }));
    await Promise.all(names.map(async (name) => {
      const balancer = await RunningBalancer.start(
        `--config=${config.path}`,
        `--etcd=${this.#cluster.endpoints.join()}`,
        `--etcd-name=${name}`,
        ...this.#args,
      );
      this.balancers.set(name, balancer);
    }));
  }

  /** Kills a balancer. */
  async kill(name: string): Promise<void> {
    await this.balancers.get(name)![Symbol.asyncDispose]();
    this.balancers.delete(name);
  }

  /** A balancer's report on the cluster. */
  report(name: string): Promise<ClusterJson> {
    return this.#read(name, "/fleet");
  }

  /** A balancer's report on the servers. */
  servers(name: string): Promise<ServerStatusJson[]> {
    return this.#read(name, "/servers");
  }

  /**
   * Waits until the reports of all balancers meet a condition; fails if they do not in time.
   *
   * @returns The time it took, in milliseconds.
   */
  async untilAll(
    what: string,
    isSo: (report: ClusterJson) => boolean,
    milliseconds: number,
  ): Promise<number> {
    const begin = performance.now();
    let last: ClusterJson[] = [];
    const isIn = await until(async () => {
      last = await Promise.all([...this.balancers.keys()].map((name) => this.report(name)));
      return last.every(isSo);
    }, milliseconds);
    assert(isIn, `${what} is not so after ${milliseconds} ms: ${JSON.stringify(last)}`);
    return performance.now() - begin;
  }

  /**
   * Waits until every balancer sees a server as healthy or unhealthy.
   *
   * @returns The time it took, in milliseconds.
   */
  async untilSeen(sample: SampleServer, healthy: boolean, milliseconds: number): Promise<number> {
    const begin = performance.now();
    const isSeen = await until(async () => {
      const lists = await Promise.all(
        [...this.balancers.keys()].map((name) => this.servers(name)),
      );
      return lists.every((servers) =>
        servers.find(({ url }) => url === sample.url)?.healthy === healthy
      );
    }, milliseconds);
    assert(isSeen, `${sample.name} is not ${healthy} for all after ${milliseconds} ms`);
    return performance.now() - begin;
  }

  /**
   * Counts checks up to a total.
   *
   * @returns Number of checks of each server, and the time it took in seconds.
   */
  async countProbes(count: number): Promise<{ readonly each: number[]; readonly seconds: number }> {
    const before = this.samples.map(({ probes }) => probes);
    const begin = performance.now();
    const now = () => this.samples.map(({ probes }, i) => probes - before[i]!);
    const isIn = await until(() => now().reduce((sum, own) => sum + own, 0) >= count, 60_000);
    const seconds = (performance.now() - begin) / 1000;
    assert(isIn, `there are no ${count} checks within a minute`);
    return { each: now(), seconds };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const balancer of this.balancers.values()) await balancer[Symbol.asyncDispose]();
    for (const sample of this.samples) await sample[Symbol.asyncDispose]();
  }

  async #read<T>(name: string, path: string): Promise<T> {
    const { apiPort } = this.balancers.get(name)!;
    const response = await fetch(`http://127.0.0.1:${apiPort}${path}`);
    assert(response.ok, `${name} answers ${path} with ${response.status}`);
    return await response.json();
  }
}

/** Number of servers that all balancers check, according to their statuses. */
export function checksIn({ members }: ClusterJson): number {
  return members.reduce((sum, { status }) => sum + (status?.checks ?? 0), 0);
}

/** The names of the members. */
export function namesIn({ members }: ClusterJson): string[] {
  return members.map(({ name }) => name);
}
