import { getLogger } from "@logtape/logtape";
import type { HeldRemovalsReport, RegistryWarning } from "../../model/registry_report.ts";
import type { Server } from "../../model/server.ts";
import type { EtcdContext } from "./connectivity.ts";

const logger = getLogger(["ballast", "etcd"]);

/** How many servers a log message names; the rest is counted. */
const NAMED_MAX = 5;

/** A server that etcd has lost and that is still in use. */
export interface HeldServer {
  /** The server. */
  readonly server: Server;
  /** Revision of the record of an earlier removal, which does not explain this one. */
  readonly staleRecord: number | undefined;
}

/**
 * Holds back the removal of servers that etcd has lost, until they reappear, a balancer removes them,
 * or etcd has been without them for long enough.
 */
export class HeldRemovals implements Disposable {
  readonly #context: Pick<EtcdContext, "connectivity" | "clock">;
  readonly #distrust: number;
  readonly #onExpired: (urls: readonly string[]) => void;
  readonly #held = new Map<string, HeldServer>();
  #since: Date;
  #changedAt = 0;
  #cancel: () => void = () => {};

  /**
   * @param context Connectivity to etcd, and the clock.
   * @param distrust How long to hold a removal while etcd is up, in seconds; 0 turns that off.
   * @param onExpired Called with the URLs of the servers that have been missing for that long.
   */
  constructor(
    context: Pick<EtcdContext, "connectivity" | "clock">,
    distrust: number,
    onExpired: (urls: readonly string[]) => void,
  ) {
    this.#context = context;
    this.#distrust = distrust;
    this.#onExpired = onExpired;
    this.#since = context.clock.date();
  }

  /** Whether removals are held at all. */
  get isOn(): boolean {
    return this.#distrust > 0;
  }

  /** Number of held servers. */
  get size(): number {
    return this.#held.size;
  }

  /** The held servers, by URL. */
  get servers(): ReadonlyMap<string, HeldServer> {
    return this.#held;
  }

  /** The held servers and until when they are held; undefined if there are none. */
  get report(): HeldRemovalsReport | undefined {
    if (this.#held.size === 0) return undefined;
    const until = new Date(this.#context.clock.date().getTime() + this.#remaining);
    return { urls: [...this.#held.keys()].sort(), since: this.#since, until };
  }

  /**
   * Holds servers.
   *
   * @param servers The servers that etcd has lost, by URL.
   * @param left Number of servers that etcd still has.
   */
  hold(servers: ReadonlyMap<string, HeldServer>, left: number): void {
    if (servers.size === 0) return;
    if (this.#held.size === 0) this.#since = this.#context.clock.date();
    for (const [url, server] of servers) this.#held.set(url, server);
    logger.warn(
      "etcd has lost {servers} that no balancer has deleted; {left} remain. The lost servers " +
        "stay in use until they have been missing for {seconds} s or you run " +
        "`ballast accept-servers`: {names}",
      {
        servers: counted(servers.size),
        left,
        seconds: this.#distrust,
        names: named(servers.keys()),
      },
    );
    this.#restart();
  }

  /** Stops holding a server that has reappeared or was removed. */
  release(url: string): void {
    if (!this.#held.delete(url)) return;
    if (this.#held.size === 0) logger.info("No servers are missing from etcd any longer");
    this.#restart();
  }

  /** Cancels the timer. */
  [Symbol.dispose](): void {
    this.#cancel();
  }

  /** How long the servers are still held if nothing changes, in milliseconds. */
  get #remaining(): number {
    const { clock, connectivity } = this.#context;
    return this.#distrust * 1000 - Math.min(clock.now() - this.#changedAt, connectivity.upFor);
  }

  /** Each change restarts the time: only a stable state is trusted. */
  #restart(): void {
    this.#changedAt = this.#context.clock.now();
    this.#cancel();
    if (this.#held.size > 0) this.#startTimer();
  }

  #startTimer(): void {
    this.#cancel = this.#context.clock.after(this.#remaining, () => {
      if (this.#remaining > 0) this.#startTimer();
      else this.#expire();
    });
  }

  #expire(): void {
    const urls = [...this.#held.keys()];
    this.#held.clear();
    logger.warn("Removing {servers} missing from etcd for {seconds} s: {names}", {
      servers: counted(urls.length),
      seconds: this.#distrust,
      names: named(urls),
    });
    this.#onExpired(urls);
  }
}

/**
 * The warning about servers that etcd has lost and that are still in use.
 *
 * @param report The held servers; undefined for none.
 */
export function heldWarnings(report: HeldRemovalsReport | undefined): RegistryWarning[] {
  if (report === undefined) return [];
  const { urls, until } = report;
  return [{
    code: "held_removals",
    message: `etcd has lost ${counted(urls.length)} that no balancer has deleted; unless they ` +
      `reappear, they stay in use until ${until.toISOString()}; to remove them at once, run ` +
      "ballast accept-servers",
  }];
}

function named(urls: Iterable<string>): string {
  const all = [...urls].sort();
  const more = all.length - NAMED_MAX;
  return all.slice(0, NAMED_MAX).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function counted(count: number): string {
  return count === 1 ? "1 server" : `${count} servers`;
}
