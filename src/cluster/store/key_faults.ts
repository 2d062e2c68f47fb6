import { getLogger } from "@logtape/logtape";
import { BalancerError } from "../../model/errors.ts";
import type { KeyFault } from "../../model/registry_report.ts";
import type { EtcdKeyValue } from "../etcd/etcd_types.ts";

const logger = getLogger(["ballast", "etcd"]);

/** What is wrong with the values of keys, which anybody may have written. */
export class KeyFaults {
  readonly #faults = new Map<string, KeyFault>();

  /** What is wrong at present. */
  list(): KeyFault[] {
    return [...this.#faults.values()];
  }

  /**
   * Reads a value.
   *
   * @param entry The key.
   * @param read Reads it; what is not right is a {@linkcode BalancerError}.
   * @returns What it says; undefined if that makes no sense, which is then noted.
   */
  read<T>(
    { key, value, modRevision: revision }: EtcdKeyValue,
    read: (value: string) => T,
  ): T | undefined {
    try {
      const result = read(value);
      this.#faults.delete(key);
      return result;
    } catch (error) {
      if (!(error instanceof BalancerError)) throw error;
      const message = `${error.message}; it is ignored`;
      // It may be written again and again, the same each time.
      if (this.#faults.get(key)?.message !== message) {
        logger.warn("Not used, what etcd has under {key}: {why}", { key, why: error.message });
      }
      this.#faults.set(key, { key, revision, message });
      return undefined;
    }
  }

  /** A key is gone, and what was wrong with it. */
  forget(key: string): void {
    this.#faults.delete(key);
  }

  /** Only these keys are there, and no others. */
  retain(entries: readonly EtcdKeyValue[]): void {
    const keys = new Set(entries.map(({ key }) => key));
    for (const key of this.#faults.keys()) if (!keys.has(key)) this.#faults.delete(key);
  }
}
