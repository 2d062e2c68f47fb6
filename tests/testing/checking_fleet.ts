import { Registry } from "../../src/state/registry.ts";
import type { CheckReport } from "../../src/model/server_status.ts";
import { StateTable } from "../../src/state/state_table.ts";
import {
  basisValue,
  readBasis,
  readResults,
  resultsValue,
} from "../../src/cluster/shared_health/health_value.ts";
import { Rendezvous, textHash } from "../../src/cluster/shared_health/rendezvous.ts";
import { SharedChecks } from "../../src/cluster/shared_health/shared_checks.ts";
import { HealthChecker } from "../../src/health/checker.ts";
import type { HealthCheck } from "../../src/model/settings.ts";
import { FakeClock } from "./fake_clock.ts";
import { ProbedServers } from "./probed_servers.ts";
import { DEFAULT_HEALTH_CHECK } from "./settings.ts";

/** For how long results count, in seconds, as long as a lease holds. */
export const PATIENCE = 10;
/** Between two signs of life, in milliseconds. */
const HEARTBEAT_MS = PATIENCE * 1000 / 3;
/** How long news are collected, and how long they are on their way, in milliseconds. */
const COLLECTING_MS = 100;
const WAY_MS = 5;

/** A balancer of a {@linkcode CheckingFleet}: its checks, and what it tells the others of them. */
export class CheckingBalancer {
  /** Its id and name. */
  readonly id: string;
  /** Its servers. */
  readonly registry: Registry;
  /** What divides its checks. */
  readonly sharing: SharedChecks;
  /** What checks its servers. */
  readonly checker: HealthChecker;
  /** When which server became healthy or unhealthy here. */
  readonly changes: { readonly at: number; readonly url: string; readonly healthy: boolean }[] = [];
  /** Whether it hears of the others, and they of it. */
  connected = true;
  /** Whether it goes on with anything at all. */
  alive = true;
  /** The number of the last thing that it has heard of each other one. */
  readonly heard = new Map<string, number>();
  readonly #table = new StateTable(1000);

  /**
   * @param id Its id and name.
   * @param fleet What it belongs to.
   * @param check How it checks.
   */
  constructor(id: string, fleet: CheckingFleet, check: Partial<HealthCheck>) {
    this.id = id;
    this.registry = new Registry(this.#table);
    let random = id.length;
    this.checker = new HealthChecker({
      registry: this.registry,
      table: this.#table,
      clock: fleet.clock,
      transport: fleet.servers.transport(id),
      check: { ...DEFAULT_HEALTH_CHECK, ...check },
      random: () => (random += 0.618034) % 1,
      onChange: ({ server: { url } }, healthy) => {
        this.changes.push({ at: fleet.clock.now(), url, healthy });
      },
    });
    this.sharing = new SharedChecks({
      id,
      clock: fleet.clock,
      patience: PATIENCE,
      onNews: () => fleet.tell(this),
    });
  }

  /** Whether a server counts as healthy here. */
  isHealthy(url: string): boolean {
    return this.#table.isHealthy(this.registry.get(url).slot);
  }

  /** What the latest check of a server found. */
  report(url: string): CheckReport | undefined {
    return this.checker.report(url);
  }
}

/** What a balancer has said last. */
interface Told {
  readonly basis: string;
  readonly results: string;
  readonly number: number;
}

/** Balancers that divide their checks, on a clock that stands still, without sockets and etcd. */
export class CheckingFleet implements Disposable {
  /** The time. */
  readonly clock = new FakeClock();
  /** What is checked. */
  readonly servers: ProbedServers = new ProbedServers(this.clock);
  /** The balancers, by id. */
  readonly balancers = new Map<string, CheckingBalancer>();
  /** How often a balancer said something. */
  messages = 0;
  readonly #check: Partial<HealthCheck>;
  readonly #urls: string[] = [];
  readonly #told = new Map<string, Told>();
  readonly #collecting = new Set<CheckingBalancer>();

  /** @param check How all of them check. */
  constructor(check: Partial<HealthCheck> = {}) {
    this.#check = check;
  }

  /** The balancer with this id. */
  get(id: string): CheckingBalancer {
    return this.balancers.get(id)!;
  }

  /** The balancer that is to check a server. */
  prober(url: string): CheckingBalancer {
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
   * A balancer comes, hears what the others have said, has the servers, and joins them.
   *
   * @param id Its id.
   * @param isSilent Whether nobody hears anything else of it. Default: no.
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
    this.#beat(balancer);
    return balancer;
  }

  /** Everybody hears of the others again, and at once what was missed. */
  mend(): void {
    for (const balancer of this.balancers.values()) {
      if (balancer.connected) continue;
      balancer.connected = true;
      if (balancer.alive) this.#catchUp(balancer);
    }
  }

  /** A balancer is gone from one moment to the next; the others learn of it later. */
  async kill(id: string): Promise<void> {
    const balancer = this.get(id);
    balancer.alive = false;
    balancer.checker[Symbol.dispose]();
    balancer.sharing[Symbol.dispose]();
    await this.clock.advance(0);
  }

  /** The lease of a balancer that is gone is over. */
  bury(id: string): void {
    this.balancers.delete(id);
    this.#told.delete(id);
    this.#setMembers();
    for (const { sharing } of this.#connected()) {
      sharing.learn(id, undefined);
      sharing.hear(id, undefined);
    }
  }

  /** A balancer has news: soon, the others hear of them. */
  tell(balancer: CheckingBalancer): void {
    if (this.#collecting.has(balancer)) return;
    this.#collecting.add(balancer);
    this.clock.after(COLLECTING_MS, () => {
      this.#collecting.delete(balancer);
      this.#say(balancer);
    });
  }

  /** Ends everything. */
  [Symbol.dispose](): void {
    for (const balancer of this.balancers.values()) {
      balancer.alive = false;
      balancer.checker[Symbol.dispose]();
      balancer.sharing[Symbol.dispose]();
    }
  }

  #beat(balancer: CheckingBalancer): void {
    if (!balancer.alive) return;
    this.#say(balancer);
    this.clock.after(HEARTBEAT_MS, () => this.#beat(balancer));
  }

  #say({ id, sharing, alive, connected }: CheckingBalancer): void {
    if (!alive || !connected || !this.balancers.has(id)) return;
    const basis = basisValue(sharing.basis);
    const results = resultsValue(sharing.results);
    this.#told.set(id, { basis, results, number: ++this.messages });
    this.clock.after(WAY_MS, () => {
      for (const other of this.#connected()) this.#hear(other, id);
    });
  }

  #catchUp(balancer: CheckingBalancer): void {
    balancer.sharing.setMembers(this.#names());
    for (const id of this.#told.keys()) this.#hear(balancer, id);
  }

  /** What was heard before is no sign that somebody is there. */
  #hear({ sharing, heard }: CheckingBalancer, id: string): void {
    const told = this.#told.get(id);
    if (told === undefined || heard.get(id) === told.number) return;
    heard.set(id, told.number);
    sharing.learn(id, readResults(told.results));
    sharing.hear(id, readBasis(told.basis));
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
