import { getLogger } from "@logtape/logtape";
import type { LoadBalancer } from "../../balancer/load_balancer.ts";
import type { HeldRemovalsReport, KeyFault } from "../../model/registry_report.ts";
import type { Server } from "../../model/server.ts";
import { type EtcdChange, type EtcdKeyValue, keyOf, revisionOf } from "../etcd/etcd_types.ts";
import type { EtcdContext } from "./connectivity.ts";
import { HeldRemovals, type HeldServer } from "./held_removals.ts";
import { isStored, KeyStore, type StoredKey } from "./key_store.ts";
import type { KeyListener } from "./key_router.ts";
import { LossFinder } from "./loss_finder.ts";
import { Removals } from "./removals.ts";
import { ServerApplier } from "./server_applier.ts";
import { parseServer } from "./server_value.ts";
import type { SharedKeys } from "./shared_keys.ts";

const logger = getLogger(["ballast", "etcd"]);

/** Changes of servers in etcd. */
interface ServerUpdates {
  /** Servers that were written, by URL. */
  readonly puts: ReadonlyMap<string, EtcdKeyValue>;
  /** URLs of the servers that no longer exist. */
  readonly gone: ReadonlySet<string>;
  /** Those of them that etcd seems to have lost. */
  readonly lost: ReadonlySet<string>;
}

/** Options of {@linkcode SharedServers}. */
export interface SharedServersOptions {
  /** The balancer that gets the servers. */
  readonly balancer: LoadBalancer;
  /** The keys in etcd. */
  readonly keys: SharedKeys;
  /** How long servers that etcd seems to have lost stay in use, in seconds; 0 turns that off. */
  readonly distrust: number;
}

/** The servers in etcd, and a balancer that is kept in sync with them. */
export class SharedServers implements KeyListener, Disposable {
  readonly #keys: SharedKeys;
  readonly #balancer: LoadBalancer;
  readonly #store: KeyStore<Server>;
  readonly #applier: ServerApplier;
  readonly #removals: Removals;
  readonly #held: HeldRemovals;
  /** URLs of the servers that this balancer is removing. */
  readonly #removing = new Set<string>();
  readonly #unsubscribe: () => void;

  /**
   * @param context Connectivity to etcd, and the clock.
   * @param options The balancer and the keys.
   */
  constructor(
    context: Pick<EtcdContext, "connectivity" | "clock">,
    { balancer, keys, distrust }: SharedServersOptions,
  ) {
    this.#keys = keys;
    this.#balancer = balancer;
    this.#store = serverStore(keys.servers);
    this.#applier = new ServerApplier(balancer);
    this.#removals = new Removals(keys.removals);
    this.#held = new HeldRemovals(context, distrust, (urls) => {
      for (const url of urls) this.#applier.remove(url, undefined);
    });
    this.#unsubscribe = balancer.events.subscribe(({ type, server }) => {
      if (type !== "removed" || this.#applier.refusal(server.url) === undefined) return;
      // It was a discovered server. Retry after the other subscribers have seen its removal.
      queueMicrotask(() => this.#applier.retry());
    });
  }

  /** The servers that etcd has lost and that are still in use; undefined if there are none. */
  get heldRemovals(): HeldRemovalsReport | undefined {
    return this.#held.report;
  }

  /** The key of the server with this canonical URL; undefined if it does not exist. */
  find(url: string): StoredKey<Server> | undefined {
    return this.#store.find(url);
  }

  /** Whether etcd has lost the server and it is still in use. */
  isHeld(url: string): boolean {
    return this.#held.servers.has(url);
  }

  /** The server with this canonical URL that is in use; undefined if there is none. */
  current(url: string): Server | undefined {
    return this.#store.find(url)?.value ?? this.#held.servers.get(url)?.server;
  }

  /** Marks a server as being removed by this balancer until the result is disposed of. */
  expectRemoval(url: string): Disposable {
    this.#removing.add(url);
    return { [Symbol.dispose]: () => this.#removing.delete(url) };
  }

  /** URL of the source that has discovered this server here; undefined if none has. */
  discoverer(url: string): string | undefined {
    const source = this.#balancer.discovery().find(({ servers }) =>
      servers.some((server) => server.url === url && server.problem === undefined)
    );
    return source?.source.url;
  }

  /** Keys that are not in use here, sorted. */
  faults(): KeyFault[] {
    const refused = this.#applier.refusals().map(([url, why]) => ({
      key: this.#keys.servers + url,
      revision: this.#store.find(url)?.revision ?? 0,
      message: `${why}; this balancer runs without it`,
    }));
    const faults = [...this.#store.faults(), ...refused];
    return faults.sort((one, other) => one.key < other.key ? -1 : 1);
  }

  /** See {@linkcode KeyListener.reset}; for the keys of servers and removals. */
  async reset(keyValues: readonly EtcdKeyValue[]): Promise<void> {
    const servers = keyValues.filter(({ key }) => this.#isServer(key));
    this.#removals.reset(keyValues.filter(({ key }) => !this.#isServer(key)));
    const puts = new Map(servers.map((keyValue) => [this.#urlOf(keyValue.key), keyValue]));
    const urls = new Set([...this.#store.ids, ...this.#applier.urls]);
    const gone = new Set([...urls].filter((url) => !puts.has(url)));
    const losses = this.#lossFinder();
    losses.add(revisionsOf(puts), gone);
    await this.#apply({ puts, gone, lost: losses.lost });
  }

  /** See {@linkcode KeyListener.change}; for the keys of servers and removals. */
  async change(changes: readonly EtcdChange[]): Promise<void> {
    const puts = new Map<string, EtcdKeyValue>();
    const gone = new Set<string>();
    const losses = this.#lossFinder();
    for (const revision of Map.groupBy(changes, revisionOf).values()) {
      const { written, deleted } = this.#sortChanges(revision);
      losses.add(revisionsOf(written), deleted);
      // Of several changes of a key, the last one counts.
      for (const [url, keyValue] of written) {
        puts.set(url, keyValue);
        gone.delete(url);
      }
      for (const url of deleted) {
        puts.delete(url);
        gone.add(url);
      }
    }
    await this.#apply({ puts, gone, lost: losses.lost });
  }

  /** Stops watching the balancer's servers and holding removals. */
  [Symbol.dispose](): void {
    this.#unsubscribe();
    this.#held[Symbol.dispose]();
  }

  #isServer(key: string): boolean {
    return key.startsWith(this.#keys.servers);
  }

  #urlOf(key: string): string {
    return key.slice(this.#keys.servers.length);
  }

  /** Sorts the changes of one revision, and applies those of removals, which belong to it. */
  #sortChanges(changes: readonly EtcdChange[]): {
    written: Map<string, EtcdKeyValue>;
    deleted: Set<string>;
  } {
    const written = new Map<string, EtcdKeyValue>();
    const deleted = new Set<string>();
    this.#removals.change(changes.filter((change) => !this.#isServer(keyOf(change))));
    for (const change of changes) {
      if (!this.#isServer(keyOf(change))) continue;
      const url = this.#urlOf(keyOf(change));
      if (change.type === "put") written.set(url, change.keyValue);
      else deleted.add(url);
    }
    return { written, deleted };
  }

  #lossFinder(): LossFinder {
    return new LossFinder({
      size: this.#store.size,
      isSuspicious: this.#held.size > 0,
      revision: (url) => this.#store.find(url)?.revision,
      isIntended: (url, revision) =>
        !this.#held.isOn || this.#removing.has(url) ||
        this.#removals.removal(url, revision) !== undefined,
    });
  }

  /** Updates the store and the balancer in the same turn, so that no caller sees them differ. */
  async #apply({ puts, gone, lost }: ServerUpdates): Promise<void> {
    this.#hold(lost);
    let isAdded = false;
    for (const [url, keyValue] of puts) isAdded = this.#put(url, keyValue) || isAdded;
    const removed = [...gone].filter((url) => !this.isHeld(url)).concat(this.#removedWhileHeld());
    // The old servers take requests until the new ones do.
    if (isAdded && removed.length > 0) await this.#balancer.settled();
    for (const url of removed) {
      const revision = this.#store.find(url)?.revision ?? 0;
      const drain = this.#removals.removal(url, revision)?.drain;
      this.#store.delete(url);
      this.#held.release(url);
      this.#applier.remove(url, drain);
    }
  }

  /** Keeps lost servers in use. */
  #hold(lost: ReadonlySet<string>): void {
    const servers = new Map<string, HeldServer>();
    for (const url of lost) {
      const written = this.#store.find(url)?.revision ?? 0;
      const record = this.#removals.removal(url, 0)?.revision;
      const staleRecord = record !== undefined && record < written ? record : undefined;
      const server = this.#applier.find(url);
      if (server !== undefined) servers.set(url, { server, staleRecord });
      this.#store.delete(url);
    }
    this.#held.hold(servers, this.#store.size);
  }

  /** URLs of the held servers that a balancer has removed since. */
  #removedWhileHeld(): string[] {
    return [...this.#held.servers].flatMap(([url, { staleRecord }]) => {
      const record = this.#removals.removal(url, 0);
      return record === undefined || record.revision === staleRecord ? [] : [url];
    });
  }

  /** Stores and applies a server; returns whether it was added. */
  #put(url: string, keyValue: EtcdKeyValue): boolean {
    if (isStored(this.#store.find(url), keyValue)) return false;
    const { value: server } = this.#store.put(keyValue, this.current(url));
    this.#held.release(url);
    if (server === undefined) return false;
    const isAdded = this.#applier.put(server);
    const why = this.#applier.refusal(url);
    if (why !== undefined) {
      logger.warn("Cannot use {key} from etcd: {why}", { key: keyValue.key, why });
    }
    return isAdded;
  }
}

/** Creates the store of the servers in etcd. An invalid value leaves a server unchanged. */
export function serverStore(prefix: string): KeyStore<Server> {
  return new KeyStore({ prefix, keepsLastValid: true, parse: parseServer });
}

function revisionsOf(puts: ReadonlyMap<string, EtcdKeyValue>): [url: string, revision: number][] {
  return [...puts].map(([url, { modRevision }]) => [url, modRevision]);
}
