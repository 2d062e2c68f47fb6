import { KeyStore, type StoredChange } from "../store/key_store.ts";
import { type Basis, parseBasis, parseResults, type Results } from "./health_value.ts";

/** Suffix of the keys with results. */
const RESULTS = "/results";

/** The key with the basis of a balancer's health checks. */
export function basisKey(prefix: string, id: string): string {
  return prefix + id;
}

/** The key with the results of a balancer's health checks. */
export function resultsKey(prefix: string, id: string): string {
  return prefix + id + RESULTS;
}

/** Receives the health checks of the balancers. */
export interface HealthListener {
  /** Called with the basis of a balancer's checks at each heartbeat; undefined once it is gone. */
  onBasis(id: string, basis: Basis | undefined): void;
  /** Called with the results of a balancer's checks; undefined once they are gone. */
  onResults(id: string, results: Results | undefined): void;
}

/**
 * Creates the store of the balancers' health checks.
 *
 * @param prefix Prefix of the keys.
 * @param listener Receives the changes.
 */
export function healthStore(prefix: string, listener: HealthListener): KeyStore<Basis | Results> {
  return new KeyStore<Basis | Results>({
    prefix,
    parse: (id, text) => id.endsWith(RESULTS) ? parseResults(text) : parseBasis(text),
    onChange: (changes) => {
      for (const { id, value } of resultsFirst(changes)) {
        if (id.endsWith(RESULTS)) {
          listener.onResults(id.slice(0, -RESULTS.length), value as Results | undefined);
        } else listener.onBasis(id, value as Basis | undefined);
      }
    },
  });
}

/**
 * Sorts results before bases, as results belong to the basis written with them. Deletions stay in
 * place, as a deleted key may be written again.
 */
function resultsFirst<T>(changes: readonly StoredChange<T>[]): StoredChange<T>[] {
  const sorted: StoredChange<T>[] = [];
  let bases: StoredChange<T>[] = [];
  for (const change of changes) {
    if (change.isDeleted) {
      sorted.push(...bases, change);
      bases = [];
    } else if (change.id.endsWith(RESULTS)) sorted.push(change);
    else bases.push(change);
  }
  return [...sorted, ...bases];
}
