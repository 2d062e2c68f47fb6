/** The servers before the changes, and the removals made through a balancer. */
export interface LossFinderOptions {
  /** Number of servers in etcd. */
  readonly size: number;
  /** Whether servers are missing already, so that any further unexplained removal is a loss. */
  readonly isSuspicious: boolean;
  /** Revision at which a server was last written; undefined if it does not exist. */
  readonly revision: (url: string) => number | undefined;
  /** Whether a balancer removed the server that was last written at this revision. */
  readonly isIntended: (url: string, revision: number) => boolean;
}

/**
 * Distinguishes servers that etcd has lost from those that were removed. Single keys may be deleted by
 * any client; a balancer that removes servers leaves a record. Servers count as lost if one revision
 * removes more than half of them, or the last one, without a record. Pure.
 */
export class LossFinder {
  readonly #options: LossFinderOptions;
  readonly #written = new Map<string, number | undefined>();
  readonly #lost = new Set<string>();
  #size: number;
  #isSuspicious: boolean;

  /** @param options The servers before the changes. */
  constructor(options: LossFinderOptions) {
    this.#options = options;
    this.#size = options.size;
    this.#isSuspicious = options.isSuspicious;
  }

  /** URLs of the servers lost after all changes so far. */
  get lost(): ReadonlySet<string> {
    return this.#lost;
  }

  /**
   * Adds the changes of one revision.
   *
   * @param puts Servers that were written, with their revisions.
   * @param gone URLs of the servers that no longer exist.
   */
  add(puts: Iterable<readonly [url: string, revision: number]>, gone: Iterable<string>): void {
    const before = this.#size;
    for (const [url, revision] of puts) {
      if (this.#revision(url) === undefined) this.#size++;
      this.#written.set(url, revision);
      this.#lost.delete(url);
    }
    const unintended: string[] = [];
    for (const url of gone) {
      const revision = this.#revision(url);
      if (revision === undefined) continue;
      this.#size--;
      this.#written.set(url, undefined);
      if (!this.#options.isIntended(url, revision)) unintended.push(url);
    }
    if (unintended.length === 0) return;
    this.#isSuspicious ||= this.#size === 0 || unintended.length * 2 > before;
    if (this.#isSuspicious) { for (const url of unintended) this.#lost.add(url); }
  }

  #revision(url: string): number | undefined {
    return this.#written.has(url) ? this.#written.get(url) : this.#options.revision(url);
  }
}
