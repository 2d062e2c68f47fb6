import { getLogger } from "@logtape/logtape";
import type { Clock } from "../runtime/clock.ts";
import type { DiscoveryReport } from "../model/discovery.ts";
import { notFound, type Registry } from "../state/registry.ts";
import {
  canonicalServerUrl,
  completeServer,
  type Server,
  type ServerChange,
} from "../model/server.ts";
import { lookUp, type LookupOutcome } from "./dns_lookup.ts";
import type { DnsResolver } from "./dns_resolver.ts";
import { type Knowledge, learn, NOTHING_KNOWN } from "./dns_schedule.ts";
import { DiscoveredServers } from "./discovered_servers.ts";

const logger = getLogger(["ballast", "discovery"]);

/** After how many milliseconds an entry is looked up again of which a lookup went wrong here. */
const DEFECT_MS = 10_000;
/** How long anybody waits for the first lookups, in milliseconds. */
const FIRST_LOOKUPS_MS = 5000;

/** What a {@linkcode DnsDiscovery} works with. */
export interface DnsDiscoveryOptions {
  /** Where the servers that are found are added and removed. */
  readonly registry: Registry;
  /** The time and the timers. */
  readonly clock: Clock;
  /** Makes what asks DNS; called once, at the first lookup. */
  readonly makeResolver: () => Promise<DnsResolver>;
  /** Waits until every thread knows the servers that were added. */
  readonly settled: () => Promise<void>;
}

/** What is done for one entry. */
interface Task {
  entry: Server;
  /** Resolves when the first lookup is over, or there will be none. */
  readonly first: PromiseWithResolvers<void>;
  knowledge: Knowledge;
  /** Breaks off the latest lookup. */
  running: AbortController | undefined;
  lastLookup: Date | undefined;
  nextLookup: Date | undefined;
  cancelTimer: () => void;
}

/**
 * Makes the addresses behind names servers: one abortable task an entry, in a map keyed by the
 * entry's URL, which looks the name up again whenever the last answer has run out.
 */
export class DnsDiscovery implements Disposable {
  readonly #options: DnsDiscoveryOptions;
  readonly #servers: DiscoveredServers;
  readonly #tasks = new Map<string, Task>();
  #resolver: Promise<DnsResolver> | undefined;

  /** @param options What to work with. Nothing happens while there is no entry. */
  constructor(options: DnsDiscoveryOptions) {
    this.#options = options;
    this.#servers = new DiscoveredServers(options.registry);
  }

  /** The entries, in the order in which they were added. */
  entries(): Server[] {
    return [...this.#tasks.values()].map(({ entry }) => entry);
  }

  /** The entry with this URL in canonical form, if any. */
  find(canonicalUrl: string): Server | undefined {
    return this.#tasks.get(canonicalUrl)?.entry;
  }

  /** What the entries have found. */
  reports(): DiscoveryReport[] {
    return [...this.#tasks.values()].map(({ entry, lastLookup, nextLookup, knowledge }) => ({
      entry,
      servers: this.#servers.list(entry.url),
      lastLookup,
      nextLookup,
      error: knowledge.error,
    }));
  }

  /** Adds an entry, complete, which is looked up at once. There must be none with its URL. */
  add(entry: Server): void {
    const task: Task = {
      entry,
      first: Promise.withResolvers(),
      knowledge: NOTHING_KNOWN,
      running: undefined,
      lastLookup: undefined,
      nextLookup: undefined,
      cancelTimer: () => {},
    };
    this.#tasks.set(entry.url, task);
    this.#start(task);
  }

  /**
   * Changes an entry, and all its servers with it. Where they are to be found in another way, it is
   * looked up at once.
   *
   * @throws {BalancerError} `not_found`.
   */
  update(url: string, change: ServerChange): Server {
    const task = this.#get(url);
    const before = task.entry;
    task.entry = completeServer({ ...before, ...change, url: before.url });
    this.#servers.add(task.entry, task.knowledge.found);
    if (task.entry.discover !== before.discover) this.#start(task);
    return task.entry;
  }

  /**
   * Removes an entry, and its servers with it.
   *
   * @param url Its URL, in any spelling.
   * @param drain For how many seconds what they work on may go on. Default: without a limit.
   * @throws {BalancerError} `not_found`.
   */
  remove(url: string, drain?: number): Server {
    const task = this.#get(url);
    this.#end(task);
    this.#tasks.delete(task.entry.url);
    this.#servers.removeAll(task.entry.url, drain);
    return task.entry;
  }

  /** See {@linkcode DiscoveredServers.giveUp}. */
  giveUp(url: string): void {
    this.#servers.giveUp(url);
  }

  /** Waits until each entry was looked up once, whatever came of it, for 5 seconds at most. */
  async ready(): Promise<void> {
    const waiting = [...this.#tasks.values()].map(({ first }) => first.promise);
    if (waiting.length === 0) return;
    const limit = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(FIRST_LOOKUPS_MS, limit.resolve);
    await Promise.race([Promise.all(waiting), limit.promise]);
    cancel();
  }

  /** Looks nothing up any more. The servers stay. */
  [Symbol.dispose](): void {
    for (const task of this.#tasks.values()) this.#end(task);
  }

  #get(url: string): Task {
    const task = this.#tasks.get(canonicalServerUrl(url));
    if (task === undefined) throw notFound(url);
    return task;
  }

  #end(task: Task): void {
    task.cancelTimer();
    task.running?.abort();
    task.first.resolve();
  }

  /** Looks an entry up now; a lookup that is under way is broken off. */
  #start(task: Task): void {
    task.cancelTimer();
    task.running?.abort();
    task.running = new AbortController();
    task.nextLookup = undefined;
    const { signal } = task.running;
    this.#run(task, signal).catch((error) => {
      // A defect of ours must not end the lookups of an entry.
      logger.error("Cannot follow {url}: {error}", { url: task.entry.url, error });
      if (!signal.aborted) this.#startIn(task, DEFECT_MS);
    });
  }

  #startIn(task: Task, milliseconds: number): void {
    const { clock } = this.#options;
    task.nextLookup = new Date(clock.date().getTime() + milliseconds);
    task.cancelTimer = clock.after(milliseconds, () => this.#start(task));
    task.first.resolve();
  }

  async #run(task: Task, signal: AbortSignal): Promise<void> {
    const outcome = await this.#lookUp(task, signal);
    if (outcome === undefined) return;
    const wait = this.#learn(task, outcome);
    this.#servers.add(task.entry, task.knowledge.found);
    // Those that are gone take requests until every thread knows those that are new.
    await this.#options.settled();
    if (signal.aborted) return;
    this.#servers.removeLost(task.entry.url);
    this.#startIn(task, wait);
  }

  /** What a lookup comes to; undefined if it was broken off. */
  async #lookUp(task: Task, signal: AbortSignal): Promise<LookupOutcome | undefined> {
    try {
      const outcome = await lookUp(task.entry, {
        resolver: await (this.#resolver ??= this.#options.makeResolver()),
        known: task.knowledge.found,
        clock: this.#options.clock,
        signal,
      });
      return signal.aborted ? undefined : outcome;
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  /** Takes note of what a lookup came to, and tells in how many milliseconds the next one is due. */
  #learn(task: Task, outcome: LookupOutcome): number {
    const { clock } = this.#options;
    const before = task.knowledge;
    const { knowledge, wait } = learn(before, outcome, clock.now());
    task.knowledge = knowledge;
    task.lastLookup = clock.date();
    const { url } = task.entry;
    const { error, found: { length: count } } = knowledge;
    if (error === undefined) {
      if (before.error !== undefined) logger.info("{url} can be looked up again", { url });
    } else if (error !== before.error || (count === 0 && before.found.length > 0)) {
      const what = `Cannot look up {url}: {error}. Addresses that are known and stay: {count}`;
      logger.warn(what, { url, error, count });
    }
    return wait * 1000;
  }
}
