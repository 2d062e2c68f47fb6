import { callGuarded, logCallFailure, logRejection } from "../model/guarded_call.ts";
import type { Server } from "../model/server.ts";
import type { CheckOwner, CheckResult, CheckSharing } from "./check_sharing.ts";
import type { HealthCheck } from "../model/settings.ts";

/** Guards against a caller's sharing that throws: this balancer then checks by itself. */
export class GuardedSharing implements CheckSharing {
  readonly #sharing: CheckSharing;

  /** @param sharing The caller's sharing. */
  constructor(sharing: CheckSharing) {
    this.#sharing = sharing;
  }

  /** See {@linkcode CheckSharing.begin}. */
  begin(check: HealthCheck, review: (urls: Iterable<string>) => void): void {
    callGuarded("begin to share health checks", () => this.#sharing.begin(check, review));
  }

  /** See {@linkcode CheckSharing.changeCheck}. */
  changeCheck(check: HealthCheck): void {
    callGuarded("share a changed health check", () => this.#sharing.changeCheck(check));
  }

  /** See {@linkcode CheckSharing.owner}; `self` if the caller's sharing throws. */
  owner(server: Server, isOwn: boolean): CheckOwner {
    try {
      return this.#sharing.owner(server, isOwn);
    } catch (error) {
      logCallFailure(`learn who checks ${server.url}`, error);
      return "self";
    }
  }

  /** See {@linkcode CheckSharing.onResult}; false if the caller's sharing throws. */
  onResult(server: Server, result: CheckResult): boolean {
    try {
      const repeat: unknown = this.#sharing.onResult(server, result);
      logRejection("share a health check", repeat);
      return repeat === true;
    } catch (error) {
      logCallFailure("share a health check", error);
      return false;
    }
  }

  /** See {@linkcode CheckSharing.cannotCheck}. */
  cannotCheck(server: Server): void {
    callGuarded("share that a server cannot be checked", () => this.#sharing.cannotCheck(server));
  }

  /** See {@linkcode CheckSharing.forget}. */
  forget(url: string): void {
    callGuarded("end the sharing of health checks", () => this.#sharing.forget(url));
  }
}
