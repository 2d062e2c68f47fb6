import { getLogger } from "@logtape/logtape";
import type { KeyFault } from "../../core/registry_report.ts";
import type { LoadBalancer } from "../../load_balancer.ts";
import type { EtcdChange, EtcdEntry } from "../etcd/etcd_types.ts";
import { Removals } from "./removals.ts";
import { ServerApplier } from "./server_applier.ts";
import { type KnownServer, ServerBook } from "./server_book.ts";
import type { SharedKeys } from "./shared_keys.ts";

const logger = getLogger(["ballast", "etcd"]);

/** The servers as etcd has them, and a balancer that is made to have the same. */
export class SharedServers implements Disposable {
  readonly #keys: SharedKeys;
  readonly #balancer: LoadBalancer;
  readonly #book: ServerBook;
  readonly #applier: ServerApplier;
  readonly #removals: Removals;
  readonly #unsubscribe: () => void;

  /**
   * @param balancer Whose servers are to be the same.
   * @param keys Where etcd has them.
   */
  constructor(balancer: LoadBalancer, keys: SharedKeys) {
    this.#keys = keys;
    this.#balancer = balancer;
    this.#book = new ServerBook(keys.servers);
    this.#applier = new ServerApplier(balancer);
    this.#removals = new Removals(keys.removals);
    this.#unsubscribe = balancer.events.subscribe(({ type, server }) => {
      if (type !== "removed" || this.#applier.refusal(server.url) === undefined) return;
      // An entry had found it, and has lost it. Others are still to be told of that.
      queueMicrotask(() => this.#applier.retry());
    });
  }

  /** How many servers etcd has. */
  get size(): number {
    return this.#book.size;
  }

  /** What is known of the server with this URL, in canonical form; undefined if there is none. */
  find(url: string): KnownServer | undefined {
    return this.#book.find(url);
  }

  /** The URL of the entry that has found this server here; undefined if none has. */
  discoverer(url: string): string | undefined {
    const owner = this.#balancer.discovery().find(({ servers }) =>
      servers.some((server) => server.url === url && server.problem === undefined)
    );
    return owner?.entry.url;
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
  async reset(entries: readonly EtcdEntry[]): Promise<void> {
    this.#removals.clear();
    const puts = new Map<string, EtcdEntry>();
    for (const entry of entries) this.#sort(entry, puts);
    const urls = new Set([...this.#book.urls, ...this.#applier.urls]);
    await this.#apply(puts, [...urls].filter((url) => !puts.has(url)));
  }

  /** These keys of servers and removals have changed. */
  async change(changes: readonly EtcdChange[]): Promise<void> {
    const puts = new Map<string, EtcdEntry>();
    const gone = new Set<string>();
    for (const change of changes) {
      const key = change.type === "put" ? change.entry.key : change.key;
      if (!key.startsWith(this.#keys.servers)) {
        if (change.type === "put") this.#removals.note(change.entry);
        else this.#removals.forget(key);
        continue;
      }
      // What counts of several changes of a key is the last.
      const url = key.slice(this.#keys.servers.length);
      if (change.type === "put") {
        puts.set(url, change.entry);
        gone.delete(url);
      } else {
        puts.delete(url);
        gone.add(url);
      }
    }
    await this.#apply(puts, gone);
  }

  /** Takes no more part in what happens to the balancer's servers. */
  [Symbol.dispose](): void {
    this.#unsubscribe();
  }

  #sort(entry: EtcdEntry, puts: Map<string, EtcdEntry>): void {
    const { servers } = this.#keys;
    if (entry.key.startsWith(servers)) puts.set(entry.key.slice(servers.length), entry);
    else this.#removals.note(entry);
  }

  /**
   * What is known of a server changes in the same turn as the balancer, so that nobody decides by
   * the one and writes by the other.
   */
  async #apply(puts: ReadonlyMap<string, EtcdEntry>, gone: Iterable<string>): Promise<void> {
    let added = false;
    for (const [url, entry] of puts) added = this.#put(url, entry) || added;
    const removed = [...gone];
    // Until those that are new take requests, those that are no longer wanted do.
    if (added && removed.length > 0) await this.#balancer.settled();
    for (const url of removed) {
      const drain = this.#removals.drain(url, this.#book.find(url)?.revision ?? 0);
      this.#book.delete(url);
      this.#applier.remove(url, drain);
    }
  }

  /** Returns whether a server was added. */
  #put(url: string, entry: EtcdEntry): boolean {
    const before = this.#book.find(url);
    const { key, modRevision, value } = entry;
    // Everything is read again after a time in which changes were missed, and most of it is the same.
    // The value tells apart what has the same revision in an etcd that was put back.
    if (before?.revision === modRevision && before.value === value) return false;
    const { server, fault } = this.#book.put(entry);
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
