import type { EtcdChange, EtcdKeyValue } from "../etcd/etcd_types.ts";

/**
 * What follows the keys of one part of the prefix, such as `members/`. It is called with one thing
 * after the other: where it returns a promise, that is waited for. What it throws is logged.
 */
export interface KeyOwner {
  /**
   * These are all the keys there are now: at the start, and after a time in which changes were
   * missed. What was there before and is not among them is gone.
   */
  reset(entries: readonly EtcdKeyValue[]): void | Promise<void>;
  /**
   * These keys have changed, in this order: all that have at one or more revisions, never a part of
   * a revision.
   */
  change(changes: readonly EtcdChange[]): void | Promise<void>;
}
