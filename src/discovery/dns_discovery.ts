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
import { afterLookup, INITIAL_STATE, type LookupState } from "./dns_schedule.ts";
import { DiscoveredServers } from "./discovered_servers.ts";

const logger = getLogger(["ballast", "discovery"]);

/** The pause before the next lookup after an internal error, in milliseconds. */
const DEFECT_MS = 10_000;
/** The longest wait for the first lookups, in milliseconds. */
const FIRST_LOOKUPS_MS = 5000;

/** Options of {@linkcode DnsDiscovery}. */
export interface DnsDiscoveryOptions {
  /** The registry in which discovered servers are added and removed. */
  readonly registry: Registry;
  /** The clock. */
  readonly clock: Clock;
  /** Makes the DNS client; called once, at the first lookup. */
  readonly makeResolver: () => Promise<DnsResolver>;
  /** Waits until every thread knows the servers that were added. */
  readonly settled: () => Promise<void>;
}

/** The lookups of one source. */
interface Task {
  source: Server;
  /** Resolves after the first lookup, or when there will be none. */
  readonly first: PromiseWithResolvers<void>;
  state: LookupState;
  /** Aborts the latest lookup. */
  running: AbortController | undefined;
  lastLookup: Date | undefined;
  nextLookup: Date | undefined;
  cancelTimer: () => void;
}

/**
 * Turns the addresses behind names into servers: one abortable task a source, in a map keyed by the
 * source's URL, which looks the name up again when the last answer expires.
 */
export class DnsDiscovery implements Disposable {
  readonly #options: DnsDiscoveryOptions;
  readonly #servers: DiscoveredServers;
  readonly #tasks = new Map<string, Task>();
  #resolver: Promise<DnsResolver> | undefined;

  /** @param options The options. Nothing starts before the first source is added. */
  constructor(options: DnsDiscoveryOptions) {
    this.#options = options;
    this.#servers = new DiscoveredServers(options.registry);
  }

  /** The sources, in the order in which they were added. */
  sources(): Server[] {
    return [...this.#tasks.values()].map(({ source }) => source);
  }

  /** The source with this URL in canonical form, if any. */
  find(canonicalUrl: string): Server | undefined {
    return this.#tasks.get(canonicalUrl)?.source;
  }

  /** The discovered servers of each source. */
  reports(): DiscoveryReport[] {
    return [...this.#tasks.values()].map(({ source, lastLookup, nextLookup, state }) => ({
      source,
      servers: this.#servers.list(source.url),
      lastLookup,
      nextLookup,
      error: state.error,
    }));
  }

  /** Adds a complete source and looks it up at once. Its URL must not be in use. */
  add(source: Server): void {
    const task: Task = {
      source,
      first: Promise.withResolvers(),
      state: INITIAL_STATE,
      running: undefined,
      lastLookup: undefined,
      nextLookup: undefined,
      cancelTimer: () => {},
    };
    this.#tasks.set(source.url, task);
    this.#start(task);
  }

  /**
   * Changes a source, and all of its servers with it. If `discover` changes, it is looked up at once.
   *
   * @throws {BalancerError} `not_found`.
   */
  update(url: string, change: ServerChange): Server {
    const task = this.#get(url);
    const before = task.source;
    task.source = completeServer({ ...before, ...change, url: before.url });
    this.#servers.add(task.source, task.state.found);
    if (task.source.discover !== before.discover) this.#start(task);
    return task.source;
  }

  /**
   * Removes a source, and its servers with it.
   *
   * @param url Its URL, in any spelling.
   * @param drain Seconds that their active requests may continue. Default: no limit.
   * @throws {BalancerError} `not_found`.
   */
  remove(url: string, drain?: number): Server {
    const task = this.#get(url);
    this.#end(task);
    this.#tasks.delete(task.source.url);
    this.#servers.removeAll(task.source.url, drain);
    return task.source;
  }

  /** See {@linkcode DiscoveredServers.release}. */
  release(url: string): void {
    this.#servers.release(url);
  }

  /** Waits until each source was looked up once, with or without success, for at most 5 seconds. */
  async ready(): Promise<void> {
    const waiting = [...this.#tasks.values()].map(({ first }) => first.promise);
    if (waiting.length === 0) return;
    const limit = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(FIRST_LOOKUPS_MS, limit.resolve);
    await Promise.race([Promise.all(waiting), limit.promise]);
    cancel();
  }

  /** Stops all lookups. The servers stay. */
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

  /** Looks a source up now; a lookup in progress is aborted. */
  #start(task: Task): void {
    task.cancelTimer();
    task.running?.abort();
    task.running = new AbortController();
    task.nextLookup = undefined;
    const { signal } = task.running;
    this.#run(task, signal).catch((error) => {
      // An internal error must not end the lookups of a source.
      logger.error("Cannot discover servers of {url}: {error}", { url: task.source.url, error });
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
    const wait = this.#record(task, outcome);
    this.#servers.add(task.source, task.state.found);
    // Lost servers take requests until every thread knows the new ones.
    await this.#options.settled();
    if (signal.aborted) return;
    this.#servers.removeLost(task.source.url);
    this.#startIn(task, wait);
  }

  /** Performs a lookup; undefined if it was aborted. */
  async #lookUp(task: Task, signal: AbortSignal): Promise<LookupOutcome | undefined> {
    try {
      const outcome = await lookUp(task.source, {
        resolver: await (this.#resolver ??= this.#options.makeResolver()),
        known: task.state.found,
        clock: this.#options.clock,
        signal,
      });
      return signal.aborted ? undefined : outcome;
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  /** Records the outcome of a lookup; returns in how many milliseconds the next one is due. */
  #record(task: Task, outcome: LookupOutcome): number {
    const { clock } = this.#options;
    const before = task.state;
    const { state, wait } = afterLookup(before, outcome, clock.now());
    task.state = state;
    task.lastLookup = clock.date();
    const { url } = task.source;
    const { error, found: { length: count } } = state;
    if (error === undefined) {
      if (before.error !== undefined) logger.info("Lookups of {url} succeed again", { url });
    } else if (error !== before.error || (count === 0 && before.found.length > 0)) {
      const what = `Cannot look up {url}: {error}. Known addresses, which stay in use: {count}`;
      logger.warn(what, { url, error, count });
    }
    return wait * 1000;
  }
}
