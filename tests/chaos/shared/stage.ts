import type { ClusterJson } from "../../../src/admin/cluster.ts";
import { EtcdCluster } from "../../testing/etcd_cluster.ts";
import { RunningBalancer } from "../../testing/program.ts";
import { Relay } from "../../testing/relay.ts";
import { serversIn } from "../../cluster/joining.ts";
import { pace } from "../pace.ts";
import { SteadyTraffic } from "./steady_traffic.ts";

/** How many balancers there are, and how many servers behind them. */
export const BALANCERS = 3;
const SERVERS = 6;
const PREFIX = "/chaos/";
/** How many clients each balancer has. */
const CLIENTS = 4;

/** An answer of the admin API. */
export interface Answer {
  readonly status: number;
  // deno-lint-ignore no-explicit-any
  readonly json: any;
  /** How long it took, in milliseconds. */
  readonly duration: number;
}

/** One of the balancers, with what is between it and etcd. */
export interface Actor {
  /** Its name in the cluster. */
  readonly name: string;
  readonly relays: readonly Relay[];
  balancer: RunningBalancer;
  traffic: SteadyTraffic;
}

/** Real balancers that share their servers through a real etcd, under steady traffic. */
export class Stage implements AsyncDisposable {
  readonly cluster: EtcdCluster;
  readonly actors: readonly Actor[];
  readonly #servers: readonly Deno.HttpServer<Deno.NetAddr>[];

  private constructor(
    cluster: EtcdCluster,
    actors: readonly Actor[],
    servers: readonly Deno.HttpServer<Deno.NetAddr>[],
  ) {
    this.cluster = cluster;
    this.actors = actors;
    this.#servers = servers;
  }

  /** Starts everything. The first two servers stay, whatever happens to the others. */
  static async start(): Promise<Stage> {
    const cluster = await EtcdCluster.start({ members: 3 });
    const servers = Array.from({ length: SERVERS }, (_, i) =>
      Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen: () => {} },
        () => new Response(`server ${i}`),
      ));
    const actors: Actor[] = [];
    const stage = new Stage(cluster, actors, servers);
    for (const url of stage.urls.slice(0, 2)) await stage.put(url, 1);
    for (let i = 0; i < BALANCERS; i++) {
      const relays = cluster.endpoints.map((url) => new Relay(url));
      const name = `ballast-${i + 1}`;
      const balancer = await startBalancer(name, relays);
      actors.push({ name, relays, balancer, traffic: new SteadyTraffic(balancer.url, CLIENTS) });
    }
    return stage;
  }

  /** The URLs of the servers. */
  get urls(): string[] {
    return this.#servers.map(({ addr }) => `http://127.0.0.1:${addr.port}`);
  }

  /** Writes a server past the balancers. */
  async put(url: string, weight: number): Promise<void> {
    await this.cluster.put(
      `${PREFIX}servers/${url}`,
      JSON.stringify({ weight, health_check_period: 1 }),
    );
  }

  /** Kills a balancer. Its clients end before, as they would fail. */
  async kill(actor: Actor): Promise<void> {
    await actor.traffic[Symbol.asyncDispose]();
    await actor.balancer[Symbol.asyncDispose]();
  }

  /** Starts it again. */
  async revive(actor: Actor): Promise<void> {
    const { failures, answered } = actor.traffic;
    actor.balancer = await startBalancer(actor.name, actor.relays);
    actor.traffic = new SteadyTraffic(actor.balancer.url, CLIENTS);
    actor.traffic.failures.push(...failures);
    actor.traffic.answered += answered;
  }

  /** Calls the admin API of a balancer. */
  async call({ balancer }: Actor, path: string, body?: unknown): Promise<Answer> {
    const from = performance.now();
    const response = await fetch(
      `http://127.0.0.1:${balancer.apiPort}${path}`,
      body === undefined ? {} : {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      },
    );
    const json = await response.json();
    return { status: response.status, json, duration: performance.now() - from };
  }

  /** Whether a balancer says that it reaches etcd. */
  async isConnected(actor: Actor): Promise<boolean> {
    return (await this.call(actor, "/healthz")).json.registry.connected;
  }

  /** Whether a balancer says that exactly these are up, and do as it does. */
  async seesMembers(actor: Actor, names: readonly string[]): Promise<boolean> {
    const { json } = await this.call(actor, "/fleet");
    const { members, disagreements, error } = json as ClusterJson;
    return error === null && disagreements.length === 0 &&
      members.map(({ name }) => name).join() === names.join() &&
      members.every(({ status, behind }) => status !== null && !behind);
  }

  /**
   * Waits until every balancer has what etcd has.
   *
   * @returns How many milliseconds that took; undefined where it took longer than `limit`.
   */
  async untilInStep(limit: number): Promise<number | undefined> {
    const from = performance.now();
    for (;;) {
      const wanted = weights(Object.values(await serversIn(this.cluster, PREFIX)));
      const found = await Promise.all(
        this.actors.map(async (actor) => weights((await this.call(actor, "/servers")).json)),
      );
      const duration = Math.round(performance.now() - from);
      if (found.every((one) => one === wanted)) return duration;
      if (duration > limit) return undefined;
      await pace(20);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { traffic, balancer, relays } of this.actors) {
      await traffic[Symbol.asyncDispose]();
      await balancer[Symbol.asyncDispose]();
      for (const relay of relays) await relay[Symbol.asyncDispose]();
    }
    await this.cluster[Symbol.asyncDispose]();
    for (const server of this.#servers) await server.shutdown();
  }
}

function startBalancer(name: string, relays: readonly Relay[]): Promise<RunningBalancer> {
  return RunningBalancer.start(
    `--etcd=${relays.map(({ url }) => url).join(",")}`,
    `--etcd-prefix=${PREFIX}`,
    `--etcd-name=${name}`,
    "--shared-health",
  );
}

function weights(servers: readonly { readonly url: string; readonly weight: number }[]): string {
  return servers.map(({ url, weight }) => `${url} ${weight}`).sort().join();
}
