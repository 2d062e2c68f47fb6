import { Registry } from "../../src/state/registry.ts";
import type { CheckReport } from "../../src/model/server_status.ts";
import { StateTable } from "../../src/state/state_table.ts";
import {
  basisValue,
  parseBasis,
  parseResults,
  resultsValue,
} from "../../src/cluster/shared_health/health_value.ts";
import { Rendezvous, textHash } from "../../src/cluster/shared_health/rendezvous.ts";
import { SharedChecks } from "../../src/cluster/shared_health/shared_checks.ts";
import { HealthChecker } from "../../src/health/checker.ts";
import type { HealthCheck } from "../../src/model/settings.ts";
import { FakeClock } from "./fake_clock.ts";
import { ProbedServers } from "./probed_servers.ts";
import { DEFAULT_HEALTH_CHECK } from "./settings.ts";

/** How long results count, in seconds; a lease has the same time to live. */
export const PATIENCE = 10;
/** Time between two heartbeats, in milliseconds. */
const HEARTBEAT_MS = PATIENCE * 1000 / 3;
/** How long changes are collected, and how long they take to arrive, in milliseconds. */
const COLLECTING_MS = 100;
const DELAY_MS = 5;

/** A balancer of a {@linkcode CheckingCluster}: its health checks and what it publishes of them. */
export class CheckingBalancer {
  /** Its ID and name. */
  readonly id: string;
  /** Its servers. */
  readonly registry: Registry;
  /** Its shared checks. */
  readonly sharing: SharedChecks;
  /** Its health checker. */
  readonly checker: HealthChecker;
  /** Changes of health seen here. */
  readonly changes: { readonly at: number; readonly url: string; readonly healthy: boolean }[] = [];
  /** Whether it is connected to the others. */
  connected = true;
  /** Whether it is running. */
  alive = true;
  /** The number of the last message received from each other balancer. */
  readonly received = new Map<string, number>();
  readonly #table = new StateTable(1000);

  /**
   * @param id Its ID and name.
   * @param cluster Its cluster.
   * @param check Its health check.
   */
  constructor(id: string, cluster: CheckingCluster, check: Partial<HealthCheck>) {
    this.id = id;
    this.registry = new Registry(this.#table);
    let random = id.length;
    this.checker = new HealthChecker({
      registry: this.registry,
      table: this.#table,
      clock: cluster.clock,
      transport: cluster.servers.transport(id),
      check: { ...DEFAULT_HEALTH_CHECK, ...check },
      random: () => (random += 0.618034) % 1,
      onChange: ({ server: { url } }, healthy) => {
        this.changes.push({ at: cluster.clock.now(), url, healthy });
      },
    });
    this.sharing = new SharedChecks({
      id,
      clock: cluster.clock,
      patience: PATIENCE,
      onDelta: () => cluster.publishSoon(this),
    });
  }

  /** Whether a server counts as healthy here. */
  isHealthy(url: string): boolean {
    return this.#table.isHealthy(this.registry.get(url).slot);
  }

  /** Latest check result of a server. */
  report(url: string): CheckReport | undefined {
    return this.checker.report(url);
  }
}

/** The latest message of a balancer. */
interface Message {
  readonly basis: string;
  readonly results: string;
  readonly number: number;
}

/** Balancers that share their checks, on a fake clock, without sockets and etcd. */
export class CheckingCluster implements Disposable {
  /** The fake clock. */
  readonly clock = new FakeClock();
  /** The servers. */
  readonly servers: ProbedServers = new ProbedServers(this.clock);
  /** The balancers, by ID. */
  readonly balancers = new Map<string, CheckingBalancer>();
  /** Number of messages published so far. */
  messageCount = 0;
  readonly #check: Partial<HealthCheck>;
  readonly #urls: string[] = [];
  readonly #messages = new Map<string, Message>();
  readonly #collecting = new Set<CheckingBalancer>();

  /** @param check The health check of all balancers. */
  constructor(check: Partial<HealthCheck> = {}) {
    this.#check = check;
  }

  /** The balancer with this ID. */
  get(id: string): CheckingBalancer {
    return this.balancers.get(id)!;
  }

  /** The balancer that owns the checks of a server. */
  owner(url: string): CheckingBalancer {
    return this.get(new Rendezvous(this.balancers.keys()).pick(textHash(url))!);
  }

  /** Adds servers to every balancer. */
  add(count: number, healthCheckPeriod = 10): string[] {
    const first = this.#urls.length;
    const urls = Array.from({ length: count }, (_, i) => `http://127.0.0.1:${10_000 + first + i}`);
    this.#urls.push(...urls);
    for (const { registry } of this.balancers.values()) {
      for (const url of urls) registry.add({ url, healthCheckPeriod });
    }
    return urls;
  }

  /**
   * Adds a balancer: it receives the others' messages, gets the servers, and joins.
   *
   * @param id Its ID.
   * @param isSilent Whether it publishes nothing else. Default: false.
   */
  async join(id: string, isSilent = false): Promise<CheckingBalancer> {
    const balancer = new CheckingBalancer(id, this, this.#check);
    const { checker, sharing, registry } = balancer;
    checker.share(sharing);
    this.#catchUp(balancer);
    for (const url of this.#urls) registry.add({ url, healthCheckPeriod: 10 });
    await this.clock.advance(10);
    this.balancers.set(id, balancer);
    this.#setMembers();
    balancer.connected = !isSilent;
    this.#heartbeat(balancer);
    return balancer;
  }

  /** Reconnects every balancer, which receives at once what it missed. */
  reconnect(): void {
    for (const balancer of this.balancers.values()) {
      if (balancer.connected) continue;
      balancer.connected = true;
      if (balancer.alive) this.#catchUp(balancer);
    }
  }

  /** Kills a balancer; the others do not notice yet. */
  async kill(id: string): Promise<void> {
    const balancer = this.get(id);
    balancer.alive = false;
    balancer.checker[Symbol.dispose]();
    balancer.sharing[Symbol.dispose]();
    await this.clock.advance(0);
  }

  /** Expires the lease of a killed balancer. */
  expire(id: string): void {
    this.balancers.delete(id);
    this.#messages.delete(id);
    this.#setMembers();
    for (const { sharing } of this.#connected()) {
      sharing.onResults(id, undefined);
      sharing.onBasis(id, undefined);
    }
  }

  /** Publishes a delta of a balancer soon. */
  publishSoon(balancer: CheckingBalancer): void {
    if (this.#collecting.has(balancer)) return;
    this.#collecting.add(balancer);
    this.clock.after(COLLECTING_MS, () => {
      this.#collecting.delete(balancer);
      this.#publish(balancer);
    });
  }

  /** Stops every balancer. */
  [Symbol.dispose](): void {
    for (const balancer of this.balancers.values()) {
      balancer.alive = false;
      balancer.checker[Symbol.dispose]();
      balancer.sharing[Symbol.dispose]();
    }
  }

  #heartbeat(balancer: CheckingBalancer): void {
    if (!balancer.alive) return;
    this.#publish(balancer);
    this.clock.after(HEARTBEAT_MS, () => this.#heartbeat(balancer));
  }

  #publish({ id, sharing, alive, connected }: CheckingBalancer): void {
    if (!alive || !connected || !this.balancers.has(id)) return;
    const basis = basisValue(sharing.basis);
    const results = resultsValue(sharing.results);
    this.#messages.set(id, { basis, results, number: ++this.messageCount });
    this.clock.after(DELAY_MS, () => {
      for (const other of this.#connected()) this.#receive(other, id);
    });
  }

  #catchUp(balancer: CheckingBalancer): void {
    balancer.sharing.setMembers(this.#names());
    for (const id of this.#messages.keys()) this.#receive(balancer, id);
  }

  /** Delivers the latest message of a balancer, unless it was delivered before. */
  #receive({ sharing, received }: CheckingBalancer, id: string): void {
    const message = this.#messages.get(id);
    if (message === undefined || received.get(id) === message.number) return;
    received.set(id, message.number);
    sharing.onResults(id, parseResults(message.results));
    sharing.onBasis(id, parseBasis(message.basis));
  }

  #connected(): CheckingBalancer[] {
    return [...this.balancers.values()].filter(({ alive, connected }) => alive && connected);
  }

  #names(): Map<string, string> {
    return new Map([...this.balancers.keys()].map((id) => [id, id]));
  }

  #setMembers(): void {
    for (const { sharing } of this.#connected()) sharing.setMembers(this.#names());
  }
}
