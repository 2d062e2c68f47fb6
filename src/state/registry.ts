import { BalancerError } from "../model/errors.ts";
import {
  canonicalServerUrl,
  completeServer,
  effectiveWeight,
  type Server,
  type ServerInit,
  type ServerSource,
} from "../model/server.ts";
import { diffServers, type ServerDiff } from "../model/server_diff.ts";
import type { StateTable } from "./state_table.ts";

/** A registered server and its slot in the state table. */
export interface Entry {
  /** The server. */
  readonly server: Server;
  /** Its slot, the same until the server is removed. */
  readonly slot: number;
}

/** The servers by slot. */
export interface SlotDirectory {
  /** The server in this slot, if any. */
  inSlot(slot: number): Entry | undefined;
}

/** A change of the registered servers. */
export type RegistryEvent =
  | { readonly type: "added"; readonly entry: Entry }
  | { readonly type: "updated"; readonly entry: Entry; readonly previous: Server }
  | { readonly type: "removed"; readonly entry: Entry; readonly drain: number | undefined };

/** The error for adding a server that exists already. */
export function alreadyExists(url: string): BalancerError {
  return new BalancerError(
    "already_exists",
    `Cannot add ${url}: there is a server with this URL already; update it instead`,
  );
}

/** The error for the URL of a server that does not exist. */
export function notFound(url: string): BalancerError {
  return new BalancerError("not_found", `There is no server with the URL ${url}`);
}

/**
 * The servers, keyed by URL, in the order in which they were added. Every change is atomic: it is made
 * and announced, or it throws and has no effect.
 */
export class Registry implements SlotDirectory {
  readonly #table: StateTable;
  readonly #entries = new Map<string, Entry>();
  readonly #bySlot: (Entry | undefined)[] = [];
  readonly #listeners = new Set<(event: RegistryEvent) => void>();
  readonly #opens: () => boolean;
  readonly #admit: (servers: readonly Server[]) => void;

  /**
   * @param table State table, which has the slots.
   * @param opens Whether an added server may take requests at once; if not, the caller opens its slot
   * later. Default: it may.
   * @param admit Throws if servers must not be added. Default: all may.
   */
  constructor(
    table: StateTable,
    opens: () => boolean = () => true,
    admit: (servers: readonly Server[]) => void = () => {},
  ) {
    this.#table = table;
    this.#opens = opens;
    this.#admit = admit;
  }

  /** The servers, in the order in which they were added. */
  entries(): Entry[] {
    return [...this.#entries.values()];
  }

  /** The server in this slot, if any. */
  inSlot(slot: number): Entry | undefined {
    return this.#bySlot[slot];
  }

  /** Calls `listener` after each change; the returned function ends the subscription. */
  subscribe(listener: (event: RegistryEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Adds a server.
   *
   * @throws {BalancerError} `already_exists` or `full`, and what `admit` throws.
   */
  add(init: ServerSource): Entry {
    const server = completeServer(init);
    this.#admit([server]);
    return this.#insert(server);
  }

  /**
   * Adds all of these servers or, on an error, none.
   *
   * @throws {BalancerError} `already_exists` or `full`, and what `admit` throws.
   */
  addAll(inits: readonly ServerInit[]): void {
    const servers = inits.map(completeServer);
    this.#admit(servers);
    const added: Entry[] = [];
    try {
      for (const server of servers) added.push(this.#insert(server));
    } catch (error) {
      for (const { server } of added) this.remove(server.url);
      throw error;
    }
  }

  /**
   * Adds the servers that are missing, and changes those that differ. Servers that are not listed stay,
   * for the caller to remove. Discovered servers are left alone, unless they are listed: then they no
   * longer count as discovered.
   *
   * @param inits All configured servers, each once.
   * @returns The differences before the change.
   * @throws {BalancerError} `full`; nothing has changed.
   */
  mergeIn(inits: readonly ServerInit[]): ServerDiff {
    const before = this.entries().map(({ server }) => server)
      .filter(({ discoveredBy }) => discoveredBy === undefined);
    const diff = diffServers(before, inits.map(completeServer));
    const found = diff.added.filter(({ url }) => this.#entries.has(url));
    this.addAll(diff.added.filter((server) => !found.includes(server)));
    for (const { url, ...change } of [...diff.changed, ...found]) {
      this.update(url, { ...change, discoveredBy: undefined });
    }
    return diff;
  }

  /**
   * Changes a server. What the change leaves out keeps its value.
   *
   * @throws {BalancerError} `not_found`.
   */
  update(url: string, change: Partial<Omit<ServerSource, "url">>): Entry {
    const { server: previous, slot } = this.get(url);
    const server = completeServer({ ...previous, ...change, url: previous.url });
    const entry: Entry = { server, slot };
    this.#set(entry);
    this.#table.setWeight(slot, effectiveWeight(server));
    this.#table.setLimit(slot, server.maxConnections);
    this.#announce({ type: "updated", entry, previous });
    return entry;
  }

  /**
   * Removes a server. It gets no further requests; active ones may finish.
   *
   * @param url Its URL, in any spelling.
   * @param drain The longest that they may take, in seconds. Default: no limit.
   * @throws {BalancerError} `not_found`.
   */
  remove(url: string, drain?: number): Entry {
    const entry = this.get(url);
    this.#entries.delete(entry.server.url);
    this.#bySlot[entry.slot] = undefined;
    this.#table.release(entry.slot);
    this.#announce({ type: "removed", entry, drain });
    return entry;
  }

  /**
   * The server with this URL, in any spelling.
   *
   * @throws {BalancerError} `not_found`.
   */
  get(url: string): Entry {
    const entry = this.find(canonicalServerUrl(url));
    if (entry === undefined) throw notFound(url);
    return entry;
  }

  /** The server with this URL in canonical form, if any. */
  find(canonicalUrl: string): Entry | undefined {
    return this.#entries.get(canonicalUrl);
  }

  /** The servers with this name, in the order in which they were added. */
  named(name: string): Entry[] {
    const named: Entry[] = [];
    // Without a copy of the list, which may have thousands.
    for (const entry of this.#entries.values()) if (entry.server.name === name) named.push(entry);
    return named;
  }

  #insert(server: Server): Entry {
    if (this.#entries.has(server.url)) throw alreadyExists(server.url);
    const slot = this.#table.allocate(effectiveWeight(server), server.maxConnections);
    if (slot === -1) {
      throw new BalancerError(
        "full",
        `Cannot add ${server.url}: all ${this.#table.capacity} slots for servers are in use; ` +
          `delete one first`,
      );
    }
    const entry: Entry = { server, slot };
    this.#set(entry);
    if (this.#opens()) this.#table.open(slot);
    this.#announce({ type: "added", entry });
    return entry;
  }

  #set(entry: Entry): void {
    this.#entries.set(entry.server.url, entry);
    this.#bySlot[entry.slot] = entry;
  }

  #announce(event: RegistryEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
