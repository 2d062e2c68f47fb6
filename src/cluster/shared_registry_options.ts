import type { Clock } from "../runtime/clock.ts";
import type { ServerInit } from "../model/server.ts";
import type { Etcd } from "./etcd/etcd_types.ts";
import type { ClusterOptions } from "./cluster_options.ts";

/** What a `SharedRegistry` works with. */
export interface SharedRegistryOptions {
  /** What keeps the servers. It is disposed of with the registry. */
  readonly etcd: Etcd & Partial<Disposable>;
  /** What every key begins with. Default: `/ballast/`. */
  readonly prefix?: string;
  /** The servers to begin with, where etcd has none yet. Default: none. */
  readonly seed?: readonly ServerInit[];
  /** What this balancer is to the others. Default: it tells them nothing of itself. */
  readonly fleet?: ClusterOptions;
  /**
   * For how long etcd must have been without servers that no balancer has deleted before they are
   * removed here, in seconds, 0 to 86400: where all of them are gone, or more than half at once. With
   * 0, they are removed at once. Default: 30.
   */
  readonly distrust?: number;
  /** The time and the timers. Default: those of the system. */
  readonly clock?: Clock;
  /** A number from 0 up to, but without, 1. Default: `Math.random`. */
  readonly random?: () => number;
}
