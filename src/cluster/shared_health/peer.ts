import type { Clock } from "../../runtime/clock.ts";
import { type Basis, type DownServer, NO_RESULTS, type Results } from "./health_value.ts";

/** What another balancer says of the servers that it checks, and for how long that counts. */
export class Peer {
  /** How people call it. */
  name: string;
  readonly #clock: Clock;
  readonly #patience: number;
  #basis: Basis | undefined;
  #heardAt: number;
  #heardOn: Date;
  #agreedAt: number;
  #agreedTo = -1;
  #down = new Map<string, DownServer>();
  #pending: ReadonlySet<string> | "many" | "all" = "all";

  /**
   * @param name How people call it.
   * @param clock The time.
   * @param patience For how long its results count, in milliseconds, after it has last said
   * something that agrees with what is known here.
   */
  constructor(name: string, clock: Clock, patience: number) {
    this.name = name;
    this.#clock = clock;
    this.#patience = patience;
    this.#heardOn = clock.date();
    // Who has just come is given the time to say something.
    this.#heardAt = this.#agreedAt = clock.now();
  }

  /** When it last said that it is there. */
  get heardOn(): Date {
    return this.#heardOn;
  }

  /** Whether it has said nothing for too long that agrees with what is known here. */
  get isStale(): boolean {
    return this.#clock.now() - this.#agreedAt > this.#patience;
  }

  /** It says by what it checks, which is also the sign that it is there. */
  hear(basis: Basis): void {
    this.#basis = basis;
    this.#heardAt = this.#clock.now();
    this.#heardOn = this.#clock.date();
  }

  /** It says no more by what it checks, so nothing that it said counts. */
  fallSilent(): void {
    this.#basis = undefined;
    this.#agreedTo = -1;
  }

  /**
   * Compares what it said last with what is known here.
   *
   * @param known What it should say.
   * @param count How often servers were given to balancers so far: what it says is known to be
   * about all that it was given until then.
   * @returns Whether that makes its results count for more servers than before.
   */
  compare(known: Basis, count: number): boolean {
    const said = this.#basis;
    const agrees = said !== undefined && said.check === known.check &&
      said.servers === known.servers;
    if (!agrees) return false;
    const counted = this.isStale ? -1 : this.#agreedTo;
    this.#agreedAt = this.#heardAt;
    this.#agreedTo = count;
    return !this.isStale && counted < count;
  }

  /**
   * Whether its results count for a server.
   *
   * @param url The server's URL.
   * @param count The count at which the server was given to it.
   * @param isKnown Whether it has told of the server since: then, it knows of it, unless it names
   * the server among those that it does not.
   */
  answersFor(url: string, count: number, isKnown: boolean): boolean {
    if (this.isStale || this.#agreedTo < count || this.#pending === "all") return false;
    return this.#pending === "many" ? isKnown : !this.#pending.has(url);
  }

  /** Whether it has said that it does not know of a server yet, or may not. */
  isPending(url: string): boolean {
    if (this.#basis === undefined) return false;
    return typeof this.#pending === "string" || this.#pending.has(url);
  }

  /** What it says of a server that is unhealthy; undefined for any other. */
  down(url: string): DownServer | undefined {
    return this.#down.get(url);
  }

  /**
   * It says what it has found.
   *
   * @param results What it says. Default: nothing any more.
   * @returns The URLs of servers of which it says something else now; `all` where they may be any.
   */
  learn({ down, pending }: Results = NO_RESULTS): Set<string> | "all" {
    const before = { down: this.#down, pending: this.#pending };
    this.#down = new Map(down.map((server) => [server.url, server]));
    this.#pending = typeof pending === "string" ? pending : new Set(pending);
    const changed = differing(before.down, this.#down);
    if (typeof before.pending === "string" || typeof this.#pending === "string") {
      return before.pending === this.#pending ? changed : "all";
    }
    for (const url of before.pending.symmetricDifference(this.#pending)) changed.add(url);
    return changed;
  }
}

function differing(
  one: ReadonlyMap<string, unknown>,
  other: ReadonlyMap<string, unknown>,
): Set<string> {
  return new Set(one.keys()).symmetricDifference(new Set(other.keys()));
}
