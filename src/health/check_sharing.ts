import type { Server } from "../model/server.ts";
import type { HealthCheck } from "../model/settings.ts";

/** What another balancer has found out about a server. */
export interface SharedResult {
  /** Whether the server counts as healthy. */
  readonly healthy: boolean;
  /** What the check found, for people. */
  readonly detail: string;
  /** Which balancer checks the server, for people. */
  readonly by: string;
  /** When that balancer last said so, by this one's clock. */
  readonly at: Date;
}

/**
 * Who is to check a server: this balancer (`own`), another one whose result is still to come
 * (`awaited`: its health stays what it is), or another one that has a result.
 */
export type CheckOwner = "own" | "awaited" | SharedResult;

/** What a check of this balancer has come to. */
export interface OwnResult {
  /** Whether the server counts as healthy after it. */
  readonly healthy: boolean;
  /** Whether the check passed. */
  readonly passed: boolean;
  /** What the server answered, or why there is no answer, for people. */
  readonly detail: string;
}

/**
 * What divides the checks of servers among several balancers. A checker asks it who is to check a
 * server, and tells it what its own checks find.
 */
export interface CheckSharing {
  /**
   * Called before anything else.
   *
   * @param check How this balancer checks.
   * @param review To be called with the URLs of servers whose duty may have changed.
   */
  begin(check: HealthCheck, review: (urls: Iterable<string>) => void): void;
  /** Called when this balancer checks in another way from now on. */
  changeCheck(check: HealthCheck): void;
  /**
   * Says who is to check a server.
   *
   * @param server The server, whose checks are not turned off.
   * @param isOwn Whether this balancer is checking it at present.
   */
  duty(server: Server, isOwn: boolean): CheckOwner;
  /**
   * Called with what each check that was this balancer's duty has come to.
   *
   * @returns Whether the check is to be repeated soon, as the others are told of it only then.
   */
  found(server: Server, result: OwnResult): boolean;
  /**
   * Called when a check that was this balancer's duty could not be made, for a reason of this
   * balancer's alone.
   */
  cannotCheck(server: Server): void;
  /** Called when a server is not to be checked any more, by anybody. */
  forget(url: string): void;
}
