/** The servers as they were before the changes, and which removals were meant. */
export interface LossFinderParts {
  /** How many servers etcd had. */
  readonly size: number;
  /** Whether some are missing already, so that any further loss is one as well. */
  readonly isSuspicious: boolean;
  /** The revision at which a server was last written; undefined if there is none. */
  readonly revision: (url: string) => number | undefined;
  /** Whether a balancer has removed the server that was last written at this revision. */
  readonly isMeant: (url: string, revision: number) => boolean;
}

/**
 * Tells servers that etcd has lost from those that somebody removed. One by one, anybody may remove
 * them; at once, only by a balancer, which leaves a record. So what counts as lost is what one
 * revision takes without a record: more than half of the servers, or the last of them. Pure.
 */
export class LossFinder {
  readonly #parts: LossFinderParts;
  readonly #written = new Map<string, number | undefined>();
  readonly #lost = new Set<string>();
  #size: number;
  #isSuspicious: boolean;

  /** @param parts The servers as they were. */
  constructor(parts: LossFinderParts) {
    this.#parts = parts;
    this.#size = parts.size;
    this.#isSuspicious = parts.isSuspicious;
  }

  /** The URLs of the servers that are lost after all of the changes. */
  get lost(): ReadonlySet<string> {
    return this.#lost;
  }

  /**
   * The changes of one revision.
   *
   * @param puts The servers that were written, each with the revision of that.
   * @param gone The URLs of those that are no longer there.
   */
  add(puts: Iterable<readonly [url: string, revision: number]>, gone: Iterable<string>): void {
    const before = this.#size;
    for (const [url, revision] of puts) {
      if (this.#revision(url) === undefined) this.#size++;
      this.#written.set(url, revision);
      this.#lost.delete(url);
    }
    const unmeant: string[] = [];
    for (const url of gone) {
      const revision = this.#revision(url);
      if (revision === undefined) continue;
      this.#size--;
      this.#written.set(url, undefined);
      if (!this.#parts.isMeant(url, revision)) unmeant.push(url);
    }
    if (unmeant.length === 0) return;
    this.#isSuspicious ||= this.#size === 0 || unmeant.length * 2 > before;
    if (this.#isSuspicious) { for (const url of unmeant) this.#lost.add(url); }
  }

  #revision(url: string): number | undefined {
    return this.#written.has(url) ? this.#written.get(url) : this.#parts.revision(url);
  }
}
