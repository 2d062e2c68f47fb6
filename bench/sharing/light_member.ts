import { pace } from "../../tests/chaos/pace.ts";
import { EtcdClient } from "../../src/cluster/etcd/etcd_client.ts";
import { basisKey, resultsKey } from "../../src/cluster/shared_health/health_store.ts";
import { basisValue, resultsValue } from "../../src/cluster/shared_health/health_value.ts";
import { memberValue } from "../../src/cluster/members/member_store.ts";
import { Membership } from "../../src/cluster/members/membership.ts";
import type { KeyPut, StatusUpdate } from "../../src/cluster/members/status_publisher.ts";
import { statusValue } from "../../src/cluster/members/status_value.ts";
import { SharedKeys } from "../../src/cluster/store/shared_keys.ts";
import { systemClock } from "../../src/runtime/system_clock.ts";
import { CountingFetch } from "./etcd_gauge.ts";

/**
 * A member without a balancer, with the same load on etcd: it keeps a lease, publishes what a balancer
 * publishes, and watches what a balancer watches. A hundred of them fit where ten balancers do.
 */
export class LightMember implements AsyncDisposable {
  /** Its requests to etcd. */
  readonly line = new CountingFetch();
  readonly #etcd: EtcdClient;
  readonly #keys = new SharedKeys("/ballast/");
  readonly #id: string;
  readonly #servers: number;
  readonly #abort = new AbortController();
  readonly #running: Promise<unknown>;

  /**
   * @param i Its number.
   * @param servers Number of servers in its status.
   * @param endpoints The endpoints of etcd.
   */
  constructor(i: number, servers: number, endpoints: readonly string[]) {
    this.#id = `light-${String(i).padStart(6, "0")}`;
    this.#servers = servers;
    this.#etcd = new EtcdClient({ endpoints, fetch: this.line.fetch });
    const membership = new Membership(
      { etcd: this.#etcd, clock: systemClock, random: Math.random },
      this,
      10,
    );
    const { signal } = this.#abort;
    this.#running = Promise.all([membership.run(signal), this.#watch(signal)]);
  }

  update(kind: StatusUpdate): KeyPut[] {
    const { members, health, status } = this.#keys;
    const all = {
      id: this.#id,
      name: this.#id,
      version: "0.1.0",
      startedAt: new Date(),
      admin: "http://127.0.0.1:8000",
      sharesHealth: true,
    };
    const does = {
      at: new Date(),
      requestsPerSecond: 1234.567,
      active: 123,
      servers: this.#servers,
      checks: 100,
      unhealthy: [],
      unhealthyCount: 0,
      revision: 1_000_000,
    };
    const digest = "100-0123456789abcdef";
    const basis = basisValue({ check: "0123456789abcdef", servers: digest });
    const heartbeat = [
      { put: basisKey(health, this.#id), value: basis },
      { put: status + this.#id, value: statusValue(does) },
    ];
    if (kind !== "full") return heartbeat;
    const results = resultsValue({ down: [], pending: [] });
    return [
      { put: members + this.#id, value: memberValue(all) },
      { put: resultsKey(health, this.#id), value: results },
      ...heartbeat,
    ];
  }

  published(): void {}

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#running;
    this.#etcd[Symbol.dispose]();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const keys = this.#keys.watched;
    while (!signal.aborted) {
      try {
        const { revision } = await this.#etcd.range(keys, { signal });
        await this.#etcd.watch({ keys, revision: revision + 1, signal, onChanges: () => {} });
      } catch {
        // etcd may have too much to do for all of them at once.
        await pace(500 + 1000 * Math.random(), signal);
      }
    }
  }
}
