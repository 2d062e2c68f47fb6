import type { Clock } from "../../runtime/clock.ts";
import { type Basis, type DownServer, NO_RESULTS, type Results } from "./health_value.ts";

/** The health checks of another balancer, and how long its results count. */
export class Peer {
  /** Its name, for display. */
  name: string;
  readonly #clock: Clock;
  readonly #patience: number;
  #basis: Basis | undefined;
  #heartbeatAt: number;
  #heartbeatDate: Date;
  #agreedAt: number;
  #agreedTo = -1;
  #down = new Map<string, DownServer>();
  #pending: ReadonlySet<string> | "many" | "all" = "all";

  /**
   * @param name Its name, for display.
   * @param clock The clock.
   * @param patience How long its results count after the last heartbeat whose basis agrees with this
   * balancer's, in milliseconds.
   */
  constructor(name: string, clock: Clock, patience: number) {
    this.name = name;
    this.#clock = clock;
    this.#patience = patience;
    this.#heartbeatDate = clock.date();
    // A new peer gets time for its first heartbeat.
    this.#heartbeatAt = this.#agreedAt = clock.now();
  }

  /** Time of the last heartbeat. */
  get lastHeartbeat(): Date {
    return this.#heartbeatDate;
  }

  /** Whether the last heartbeat whose basis agrees is too old for the results to count. */
  get isStale(): boolean {
    return this.#clock.now() - this.#agreedAt > this.#patience;
  }

  /** Records a heartbeat. */
  heartbeat(basis: Basis): void {
    this.#basis = basis;
    this.#heartbeatAt = this.#clock.now();
    this.#heartbeatDate = this.#clock.date();
  }

  /** Records that the basis is gone, so that no result counts. */
  clearBasis(): void {
    this.#basis = undefined;
    this.#agreedTo = -1;
  }

  /**
   * Compares its last basis with the one expected here.
   *
   * @param expected The expected basis.
   * @param count Number of assignments made so far: if the bases agree, it knows all of its own until
   * then.
   * @returns Whether its results now count for more servers than before.
   */
  compare(expected: Basis, count: number): boolean {
    const basis = this.#basis;
    const agrees = basis !== undefined && basis.check === expected.check &&
      basis.servers === expected.servers;
    if (!agrees) return false;
    const agreedTo = this.isStale ? -1 : this.#agreedTo;
    this.#agreedAt = this.#heartbeatAt;
    this.#agreedTo = count;
    return !this.isStale && agreedTo < count;
  }

  /**
   * Whether its results count for a server.
   *
   * @param url The server's URL.
   * @param assignedAt The count at which the server was assigned to it.
   * @param isKnown Whether it has published a result for the server since: it then knows the server,
   * unless it lists it as pending.
   */
  hasResult(url: string, assignedAt: number, isKnown: boolean): boolean {
    if (this.isStale || this.#agreedTo < assignedAt || this.#pending === "all") return false;
    return this.#pending === "many" ? isKnown : !this.#pending.has(url);
  }

  /** Whether it lists a server as pending, or may do so. */
  isPending(url: string): boolean {
    if (this.#basis === undefined) return false;
    return typeof this.#pending === "string" || this.#pending.has(url);
  }

  /** The result of a server that is down; undefined for any other. */
  down(url: string): DownServer | undefined {
    return this.#down.get(url);
  }

  /**
   * Replaces its results.
   *
   * @param results The results. Default: none.
   * @returns URLs of the servers whose result has changed; `all` if that may be any.
   */
  update({ down, pending }: Results = NO_RESULTS): Set<string> | "all" {
    const before = { down: this.#down, pending: this.#pending };
    this.#down = new Map(down.map((server) => [server.url, server]));
    this.#pending = typeof pending === "string" ? pending : new Set(pending);
    const changed = differingKeys(before.down, this.#down);
    if (typeof before.pending === "string" || typeof this.#pending === "string") {
      return before.pending === this.#pending ? changed : "all";
    }
    for (const url of before.pending.symmetricDifference(this.#pending)) changed.add(url);
    return changed;
  }
}

function differingKeys(
  one: ReadonlyMap<string, unknown>,
  other: ReadonlyMap<string, unknown>,
): Set<string> {
  return new Set(one.keys()).symmetricDifference(new Set(other.keys()));
}
