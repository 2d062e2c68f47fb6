import { getLogger } from "@logtape/logtape";
import type { Clock } from "../../runtime/clock.ts";
import type { HeldRemovalsReport, KeyFault } from "../../model/registry_report.ts";
import type { Server } from "../../model/server.ts";
import type { LoadBalancer } from "../../balancer/load_balancer.ts";
import type { EtcdChange, EtcdKeyValue } from "../etcd/etcd_types.ts";
import type { Connection } from "./connection.ts";
import { HeldRemovals, type HeldServer } from "./held_removals.ts";
import { LossFinder } from "./loss_finder.ts";
import { Removals } from "./removals.ts";
import { ServerApplier } from "./server_applier.ts";
import { type KnownServer, ServerStore } from "./server_store.ts";
import type { SharedKeys } from "./shared_keys.ts";

const logger = getLogger(["ballast", "etcd"]);

/** What has become of servers. */
interface News {
  /** Those that were written, by URL. */
  readonly puts: ReadonlyMap<string, EtcdKeyValue>;
  /** The URLs of those that are no longer there. */
  readonly gone: ReadonlySet<string>;
  /** Of these, which are not to be believed. */
  readonly lost: ReadonlySet<string>;
}

/** What {@linkcode SharedServers} work with. */
export interface SharedServersParts {
  /** Whose servers are to be the same. */
  readonly balancer: LoadBalancer;
  /** Where etcd has them. */
  readonly keys: SharedKeys;
  /** For how long a loss of servers is not believed, in seconds; 0 for not at all. */
  readonly distrust: number;
  /** Whether etcd can be reached. */
  readonly connection: Connection;
  /** The time and the timers. */
  readonly clock: Clock;
}

/** The servers as etcd has them, and a balancer that is made to have the same. */
export class SharedServers implements Disposable {
  readonly #keys: SharedKeys;
  readonly #balancer: LoadBalancer;
  readonly #book: ServerStore;
  readonly #applier: ServerApplier;
  readonly #removals: Removals;
  readonly #held: HeldRemovals;
  /** What this balancer is just removing itself. */
  readonly #removing = new Set<string>();
  readonly #unsubscribe: () => void;

  /** @param parts What to work with. */
  constructor({ balancer, keys, ...parts }: SharedServersParts) {
    this.#keys = keys;
    this.#balancer = balancer;
    this.#book = new ServerStore(keys.servers);
    this.#applier = new ServerApplier(balancer);
    this.#removals = new Removals(keys.removals);
    this.#held = new HeldRemovals({
      ...parts,
      onBelieved: (urls) => {
        for (const url of urls) this.#applier.remove(url, undefined);
      },
    });
    this.#unsubscribe = balancer.events.subscribe(({ type, server }) => {
      if (type !== "removed" || this.#applier.refusal(server.url) === undefined) return;
      // An entry had found it, and has lost it. Others are still to be told of that.
      queueMicrotask(() => this.#applier.retry());
    });
  }

  /** The servers that etcd has lost and that are still in use; undefined where there are none. */
  get heldRemovals(): HeldRemovalsReport | undefined {
    return this.#held.report;
  }

  /**
   * What is known of the key of the server with this URL, in canonical form; undefined if there is
   * none.
   */
  find(url: string): KnownServer | undefined {
    return this.#book.find(url);
  }

  /** Whether etcd has lost the server, and it is still in use. */
  isHeld(url: string): boolean {
    return this.#held.servers.has(url);
  }

  /** The server with this URL, in canonical form, that is in use; undefined if there is none. */
  current(url: string): Server | undefined {
    return this.#book.find(url)?.server ?? this.#held.servers.get(url)?.server;
  }

  /** Expects that the server goes, as this balancer removes it; until that is disposed of. */
  expectRemoval(url: string): Disposable {
    this.#removing.add(url);
    return { [Symbol.dispose]: () => this.#removing.delete(url) };
  }

  /** The URL of the entry that has found this server here; undefined if none has. */
  discoverer(url: string): string | undefined {
    const owner = this.#balancer.discovery().find(({ servers }) =>
      servers.some((server) => server.url === url && server.problem === undefined)
    );
    return owner?.source.url;
  }

  /** What etcd has and is not used here, in the order of the keys. */
  faults(): KeyFault[] {
    const refused = this.#applier.refusals().map(([url, why]) => ({
      key: this.#keys.servers + url,
      revision: this.#book.find(url)?.revision ?? 0,
      message: `${why}; this balancer does without it`,
    }));
    const faults = [...this.#book.faults(), ...refused];
    return faults.sort((one, other) => one.key < other.key ? -1 : 1);
  }

  /** These are all the keys of servers and removals there are. */
  async reset(entries: readonly EtcdKeyValue[]): Promise<void> {
    this.#removals.clear();
    const puts = new Map<string, EtcdKeyValue>();
    for (const entry of entries) this.#sort(entry, puts);
    const urls = new Set([...this.#book.urls, ...this.#applier.urls]);
    const gone = new Set([...urls].filter((url) => !puts.has(url)));
    const losses = this.#lossFinder();
    losses.add(revisionsOf(puts), gone);
    await this.#apply({ puts, gone, lost: losses.lost });
  }

  /** These keys of servers and removals have changed. */
  async change(changes: readonly EtcdChange[]): Promise<void> {
    const puts = new Map<string, EtcdKeyValue>();
    const gone = new Set<string>();
    const losses = this.#lossFinder();
    for (const group of Map.groupBy(changes, revisionOf).values()) {
      const { written, deleted } = this.#sortChanges(group);
      losses.add(revisionsOf(written), deleted);
      // What counts of several changes of a key is the last.
      for (const [url, entry] of written) {
        puts.set(url, entry);
        gone.delete(url);
      }
      for (const url of deleted) {
        puts.delete(url);
        gone.add(url);
      }
    }
    await this.#apply({ puts, gone, lost: losses.lost });
  }

  /** Takes no more part in what happens to the balancer's servers. */
  [Symbol.dispose](): void {
    this.#unsubscribe();
    this.#held[Symbol.dispose]();
  }

  #sort(entry: EtcdKeyValue, puts: Map<string, EtcdKeyValue>): void {
    const { servers } = this.#keys;
    if (entry.key.startsWith(servers)) puts.set(entry.key.slice(servers.length), entry);
    else this.#removals.note(entry);
  }

  /** The changes of one revision. What they say of removals is noted first: it is about these. */
  #sortChanges(changes: readonly EtcdChange[]): {
    written: Map<string, EtcdKeyValue>;
    deleted: Set<string>;
  } {
    const written = new Map<string, EtcdKeyValue>();
    const deleted = new Set<string>();
    for (const change of changes) {
      const isPut = change.type === "put";
      const key = isPut ? change.entry.key : change.key;
      if (key.startsWith(this.#keys.servers)) {
        const url = key.slice(this.#keys.servers.length);
        if (isPut) written.set(url, change.entry);
        else deleted.add(url);
      } else if (isPut) this.#removals.note(change.entry);
      else this.#removals.forget(key);
    }
    return { written, deleted };
  }

  #lossFinder(): LossFinder {
    return new LossFinder({
      size: this.#book.size,
      isSuspicious: this.#held.size > 0,
      revision: (url) => this.#book.find(url)?.revision,
      isMeant: (url, revision) =>
        !this.#held.isOn || this.#removing.has(url) ||
        this.#removals.find(url, revision) !== undefined,
    });
  }

  /**
   * What is known of a server changes in the same turn as the balancer, so that nobody decides by
   * the one and writes by the other.
   */
  async #apply({ puts, gone, lost }: News): Promise<void> {
    this.#hold(lost);
    let added = false;
    for (const [url, entry] of puts) added = this.#put(url, entry) || added;
    const removed = [...gone].filter((url) => !this.isHeld(url)).concat(this.#removedMeanwhile());
    // Until those that are new take requests, those that are no longer wanted do.
    if (added && removed.length > 0) await this.#balancer.settled();
    for (const url of removed) {
      const drain = this.#removals.drain(url, this.#book.find(url)?.revision ?? 0);
      this.#book.delete(url);
      this.#held.release(url);
      this.#applier.remove(url, drain);
    }
  }

  /** Keeps what etcd has lost in use; a change of it begins anew. */
  #hold(lost: ReadonlySet<string>): void {
    const servers = new Map<string, HeldServer>();
    for (const url of lost) {
      const written = this.#book.find(url)?.revision ?? 0;
      const record = this.#removals.find(url, 0)?.revision;
      const staleRecord = record !== undefined && record < written ? record : undefined;
      const server = this.#applier.find(url);
      if (server !== undefined) servers.set(url, { server, staleRecord });
      this.#book.delete(url);
    }
    this.#held.hold(servers, this.#book.size);
  }

  /** The servers that were held, and that a balancer has removed since. */
  #removedMeanwhile(): string[] {
    return [...this.#held.servers].flatMap(([url, { staleRecord }]) => {
      const record = this.#removals.find(url, 0);
      return record === undefined || record.revision === staleRecord ? [] : [url];
    });
  }

  /** Returns whether a server was added. */
  #put(url: string, entry: EtcdKeyValue): boolean {
    const before = this.#book.find(url);
    const { key, modRevision, value } = entry;
    // Everything is read again after a time in which changes were missed, and most of it is the same.
    // The value tells apart what has the same revision in an etcd that was put back.
    if (before?.revision === modRevision && before.value === value) return false;
    const { server, fault } = this.#book.put(entry, this.current(url));
    this.#held.release(url);
    if (fault !== undefined) {
      logger.warn("Not used, what etcd has under {key}: {why}", { key, why: fault });
    }
    if (server === undefined) return false;
    const added = this.#applier.put(server);
    const why = this.#applier.refusal(url);
    if (why !== undefined) logger.warn("Cannot have {key} of etcd: {why}", { key, why });
    return added;
  }
}

function revisionsOf(puts: ReadonlyMap<string, EtcdKeyValue>): [url: string, revision: number][] {
  return [...puts].map(([url, { modRevision }]) => [url, modRevision]);
}

function revisionOf(change: EtcdChange): number {
  return change.type === "put" ? change.entry.modRevision : change.modRevision;
}
