import type { KeyFault } from "../../model/registry_report.ts";
import type { EtcdChange, EtcdKeyValue } from "../etcd/etcd_types.ts";
import type { KeyOwner } from "../store/key_owner.ts";
import { type Basis, readBasis, readResults, type Results } from "./health_value.ts";
import { KeyFaults } from "../store/key_faults.ts";

/** What ends the key under which a balancer tells what it has found. */
const RESULTS = "/results";

/** The key under which a balancer says by what it checks. */
export function basisKey(prefix: string, id: string): string {
  return prefix + id;
}

/** The key under which a balancer tells what it has found. */
export function resultsKey(prefix: string, id: string): string {
  return prefix + id + RESULTS;
}

/** Who wants to know what other balancers say of the servers. */
export interface HealthListener {
  /** A balancer says by what it checks, again and again; undefined where it says so no more. */
  hear(id: string, basis: Basis | undefined): void;
  /** A balancer says what it has found; undefined where it says so no more. */
  learn(id: string, results: Results | undefined): void;
}

/** Reads the keys under which balancers tell of the servers that they check. */
export class HealthStore implements KeyOwner {
  readonly #prefix: string;
  readonly #listener: HealthListener;
  readonly #faults = new KeyFaults();
  /** The revision at which each key was written. */
  #revisions = new Map<string, number>();

  /**
   * @param prefix What the keys begin with.
   * @param listener Who is told.
   */
  constructor(prefix: string, listener: HealthListener) {
    this.#prefix = prefix;
    this.#listener = listener;
  }

  /** What makes no sense. */
  faults(): KeyFault[] {
    return this.#faults.list();
  }

  reset(entries: readonly EtcdKeyValue[]): void {
    const before = this.#revisions;
    this.#revisions = new Map(entries.map(({ key, modRevision }) => [key, modRevision]));
    for (const key of before.keys()) if (!this.#revisions.has(key)) this.#delete(key);
    // What was read once more is no sign that somebody is still there.
    const news = entries.filter(({ key, modRevision }) => before.get(key) !== modRevision);
    this.#putAll(news);
  }

  change(changes: readonly EtcdChange[]): void {
    const puts: EtcdKeyValue[] = [];
    for (const change of changes) {
      if (change.type === "delete") {
        // In their order, as one may come back that was deleted.
        this.#putAll(puts.splice(0));
        this.#delete(change.key);
      } else puts.push(change.entry);
    }
    this.#putAll(puts);
  }

  /** The results first: they are by what is said with them. */
  #putAll(entries: readonly EtcdKeyValue[]): void {
    for (const entry of entries) if (entry.key.endsWith(RESULTS)) this.#put(entry);
    for (const entry of entries) if (!entry.key.endsWith(RESULTS)) this.#put(entry);
  }

  #put(entry: EtcdKeyValue): void {
    const { key, modRevision } = entry;
    this.#revisions.set(key, modRevision);
    const id = this.#idOf(key);
    if (key.endsWith(RESULTS)) this.#listener.learn(id, this.#faults.read(entry, readResults));
    else this.#listener.hear(id, this.#faults.read(entry, readBasis));
  }

  #delete(key: string): void {
    this.#faults.forget(key);
    this.#revisions.delete(key);
    const id = this.#idOf(key);
    if (key.endsWith(RESULTS)) this.#listener.learn(id, undefined);
    else this.#listener.hear(id, undefined);
  }

  #idOf(key: string): string {
    return key.slice(this.#prefix.length, key.endsWith(RESULTS) ? -RESULTS.length : undefined);
  }
}
