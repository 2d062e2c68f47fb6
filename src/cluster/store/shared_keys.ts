import { invalid } from "../../config/validate.ts";
import type { EtcdKeys } from "../etcd/etcd_types.ts";

/** The default prefix of all keys. */
export const DEFAULT_PREFIX = "/ballast/";

/**
 * The layout of the keys in etcd. They share a prefix, so that several clusters can use one etcd:
 *
 * - `servers/URL`: a server, by its canonical URL;
 * - `removals/URL`: a record of a server's removal, with its drain time;
 * - `seeded`: the initial servers have been written; `seeding/…`: they are being written;
 * - `members/ID`: a balancer that is up, by its ID;
 * - `health/ID` and `health/ID/results`: its health checks and their results;
 * - `status/ID`: its status, read on request and not watched.
 */
export class SharedKeys {
  /** Prefix of all keys, with a trailing slash. */
  readonly prefix: string;

  /**
   * @param prefix Prefix of all keys; a missing trailing slash is added.
   * @throws {BalancerError} `invalid` if the prefix is invalid.
   */
  constructor(prefix: string) {
    if (!/^[!-~]{1,200}$/.test(prefix)) {
      const message = "must be 1 to 200 ASCII characters without spaces, such as /ballast/";
      throw invalid("the options", [{ path: "prefix", message }]);
    }
    this.prefix = prefix.endsWith("/") ? prefix : `${prefix}/`;
  }

  /**
   * The keys that every balancer watches: one range, so that one watch covers them. Keys that sort
   * after the servers are not part of it.
   */
  get watched(): EtcdKeys {
    return { from: `${this.prefix}health/`, to: `${this.prefix}servers0` };
  }

  /** Prefix of the servers. */
  get servers(): string {
    return `${this.prefix}servers/`;
  }

  /** Prefix of the removal records. */
  get removals(): string {
    return `${this.prefix}removals/`;
  }

  /** Prefix of the balancers. */
  get members(): string {
    return `${this.prefix}members/`;
  }

  /** Prefix of health checks and their results. */
  get health(): string {
    return `${this.prefix}health/`;
  }

  /** Prefix of the balancers' statuses. */
  get status(): string {
    return `${this.prefix}status/`;
  }

  /** Marks that the initial servers have been written. */
  get seeded(): string {
    return `${this.prefix}seeded`;
  }

  /** Lock of the balancer that writes the initial servers; expires with its lease. */
  get seedingLock(): string {
    return `${this.prefix}seeding/lock`;
  }

  /** Marks that the initial servers may have been written in part. */
  get seedingBegun(): string {
    return `${this.prefix}seeding/begun`;
  }
}
