import { invalid } from "../../config/validate.ts";
import type { EtcdKeys } from "../etcd/etcd_types.ts";

/** Where the keys begin that nobody has chosen another place for. */
export const DEFAULT_PREFIX = "/ballast/";

/**
 * The keys under which balancers share what they know. All of them begin with a prefix, so that
 * several fleets can share an etcd:
 *
 * - `servers/URL`: a server, by its URL in canonical form;
 * - `removals/URL`: for how long a server that was removed may go on with what it works on;
 * - `seeded`: that the first servers are there, `seeding/…`: that they are just being written;
 * - `members/ID`: a balancer that is up, by its id;
 * - `health/ID` and `health/ID/results`: what it has found out about the servers that it checks;
 * - `status/ID`: how it does; that is read by who asks, and not followed.
 */
export class SharedKeys {
  /** What every key begins with; it ends with a slash. */
  readonly prefix: string;

  /**
   * @param prefix What every key begins with. A slash is put behind it where it has none.
   * @throws {BalancerError} `invalid` if it cannot be used.
   */
  constructor(prefix: string) {
    if (!/^[!-~]{1,200}$/.test(prefix)) {
      const message = "must be 1 to 200 ASCII characters without spaces, such as /ballast/";
      throw invalid("the options", [{ path: "prefix", message }]);
    }
    this.prefix = prefix.endsWith("/") ? prefix : `${prefix}/`;
  }

  /**
   * The keys that every balancer follows: one range, so that one watch does for all of them. Those
   * that sort behind the servers are not in it.
   */
  get followed(): EtcdKeys {
    return { from: `${this.prefix}health/`, to: `${this.prefix}servers0` };
  }

  /** The servers. */
  get servers(): string {
    return `${this.prefix}servers/`;
  }

  /** The removals. */
  get removals(): string {
    return `${this.prefix}removals/`;
  }

  /** The balancers that are up. */
  get members(): string {
    return `${this.prefix}members/`;
  }

  /** What balancers have found out about the servers that they check. */
  get health(): string {
    return `${this.prefix}health/`;
  }

  /** How the balancers do. */
  get status(): string {
    return `${this.prefix}status/`;
  }

  /** What says that the first servers are there. */
  get seeded(): string {
    return `${this.prefix}seeded`;
  }

  /** What the balancer holds that writes the first servers; gone when its lease is over. */
  get seedingLock(): string {
    return `${this.prefix}seeding/lock`;
  }

  /** What says that some of the first servers are there, and perhaps not all. */
  get seedingBegun(): string {
    return `${this.prefix}seeding/begun`;
  }
}
