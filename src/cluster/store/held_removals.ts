import { getLogger } from "@logtape/logtape";
import type { Clock } from "../../runtime/clock.ts";
import type { HeldRemovalsReport, RegistryWarning } from "../../model/registry_report.ts";
import type { Server } from "../../model/server.ts";
import type { Connection } from "./connection.ts";

const logger = getLogger(["ballast", "etcd"]);

/** How many servers the log names at a time; the rest is counted. */
const NAMED_MAX = 5;

/** A server that etcd has lost, and that is still in use. */
export interface HeldServer {
  /** The server. */
  readonly server: Server;
  /** The revision of the record of an earlier removal, which is none of this one. */
  readonly staleRecord: number | undefined;
}

/** What {@linkcode HeldRemovals} work with. */
export interface HeldRemovalsParts {
  /** For how long etcd must have been without a server before that is believed, in seconds. */
  readonly distrust: number;
  /** Whether etcd can be reached: what is not seen is not believed. */
  readonly connection: Connection;
  /** The time and the timers. */
  readonly clock: Clock;
  /** Called with the URLs of the servers that have been missing for so long. */
  readonly onBelieved: (urls: readonly string[]) => void;
}

/**
 * The servers that etcd has lost without a balancer's doing, until they are back, somebody removes
 * them, or etcd has been without them for so long that it is believed.
 */
export class HeldRemovals implements Disposable {
  readonly #parts: HeldRemovalsParts;
  readonly #held = new Map<string, HeldServer>();
  #since: Date;
  #changedAt = 0;
  #cancel: () => void = () => {};

  /** @param parts What to work with. */
  constructor(parts: HeldRemovalsParts) {
    this.#parts = parts;
    this.#since = parts.clock.date();
  }

  /** Whether removals are held back at all. */
  get isOn(): boolean {
    return this.#parts.distrust > 0;
  }

  /** How many servers are held. */
  get size(): number {
    return this.#held.size;
  }

  /** They, by URL. */
  get servers(): ReadonlyMap<string, HeldServer> {
    return this.#held;
  }

  /** What is held, and until when; undefined where nothing is. */
  get report(): HeldRemovalsReport | undefined {
    if (this.#held.size === 0) return undefined;
    const until = new Date(this.#parts.clock.date().getTime() + this.#left);
    return { urls: [...this.#held.keys()].sort(), since: this.#since, until };
  }

  /**
   * Holds servers.
   *
   * @param servers What etcd has lost, by URL.
   * @param left How many servers etcd still has.
   */
  hold(servers: ReadonlyMap<string, HeldServer>, left: number): void {
    if (servers.size === 0) return;
    if (this.#held.size === 0) this.#since = this.#parts.clock.date();
    for (const [url, server] of servers) this.#held.set(url, server);
    logger.warn(
      "etcd has lost {servers} that no balancer has deleted, and has {left} left. What is lost stays " +
        "in use, unless etcd is without it for {seconds} s or `ballast accept-servers` is run: {names}",
      {
        servers: counted(servers.size),
        left,
        seconds: this.#parts.distrust,
        names: named(servers.keys()),
      },
    );
    this.#restart();
  }

  /** A server is back, or was removed. */
  release(url: string): void {
    if (!this.#held.delete(url)) return;
    if (this.#held.size === 0) logger.info("No server is missing in etcd any more");
    this.#restart();
  }

  /** Waits for nothing any more. */
  [Symbol.dispose](): void {
    this.#cancel();
  }

  /** For how long they are still held if nothing changes, in milliseconds. */
  get #left(): number {
    const { clock, connection, distrust } = this.#parts;
    return distrust * 1000 - Math.min(clock.now() - this.#changedAt, connection.reachedFor);
  }

  /** Only what has been the same for the whole time is believed. */
  #restart(): void {
    this.#changedAt = this.#parts.clock.now();
    this.#cancel();
    if (this.#held.size > 0) this.#arm();
  }

  #arm(): void {
    this.#cancel = this.#parts.clock.after(this.#left, () => {
      if (this.#left > 0) this.#arm();
      else this.#believe();
    });
  }

  #believe(): void {
    const { distrust, onBelieved } = this.#parts;
    const urls = [...this.#held.keys()];
    this.#held.clear();
    logger.warn("Removing {servers} that etcd has been without for {seconds} s: {names}", {
      servers: counted(urls.length),
      seconds: distrust,
      names: named(urls),
    });
    onBelieved(urls);
  }
}

/**
 * The warning about servers that etcd has lost and that are still in use.
 *
 * @param report What is held; undefined for nothing.
 */
export function heldWarnings(report: HeldRemovalsReport | undefined): RegistryWarning[] {
  if (report === undefined) return [];
  const { urls, until } = report;
  return [{
    code: "held_removals",
    message: `etcd has lost ${counted(urls.length)} that no balancer has deleted; what is lost ` +
      `stays in use until ${until.toISOString()}, unless it comes back; to remove it at once, run ` +
      "ballast accept-servers",
  }];
}

function named(urls: Iterable<string>): string {
  const all = [...urls].sort();
  const more = all.length - NAMED_MAX;
  return all.slice(0, NAMED_MAX).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** Some servers, for people. */
function counted(count: number): string {
  return count === 1 ? "1 server" : `${count} servers`;
}
