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

/** A server and the slot of the state table that it has. */
export interface Entry {
  /** What the configuration says of the server. */
  readonly server: Server;
  /** The server's slot in the state table; the same as long as the server is registered. */
  readonly slot: number;
}

/** Where the server that has a slot is found. */
export interface SlotDirectory {
  /** The server that has this slot, if any. */
  inSlot(slot: number): Entry | undefined;
}

/** What happened to a server. */
export type RegistryEvent =
  | { readonly type: "added"; readonly entry: Entry }
  | { readonly type: "updated"; readonly entry: Entry; readonly previous: Server }
  | { readonly type: "removed"; readonly entry: Entry; readonly drain: number | undefined };

/** The error for a server that is there already and cannot be added. */
export function alreadyExists(url: string): BalancerError {
  return new BalancerError(
    "already_exists",
    `Cannot add ${url}: there is a server with this URL already; update it instead`,
  );
}

/** The error for a URL that no server has. */
export function notFound(url: string): BalancerError {
  return new BalancerError("not_found", `There is no server with the URL ${url}`);
}

/**
 * The servers, keyed by URL, in the order in which they were added. Every change is atomic: it is
 * made and announced, or it throws and nothing is different.
 */
export class Registry implements SlotDirectory {
  readonly #table: StateTable;
  readonly #entries = new Map<string, Entry>();
  readonly #bySlot: (Entry | undefined)[] = [];
  readonly #listeners = new Set<(event: RegistryEvent) => void>();
  readonly #opens: () => boolean;
  readonly #admit: (servers: readonly Server[]) => void;

  /**
   * @param table Where the servers get their slots.
   * @param opens Whether a server that is added may take requests at once; if not, somebody else
   * opens its slot. Default: it may.
   * @param admit Throws where servers that are to be added are not allowed here. Default: all are.
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

  /** The server that has this slot, if any. */
  inSlot(slot: number): Entry | undefined {
    return this.#bySlot[slot];
  }

  /** Calls `listener` after each change; the returned function ends that. */
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
   * Adds all of these or, on an error, none.
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
   * Adds those of these servers that are not there yet, and changes those that differ. What is no
   * longer wanted stays, and is the caller's to remove. Servers that an entry found stay out of it,
   * but for those that are wanted: these are nobody's finding any more.
   *
   * @param inits All the servers that are wanted, none of them twice.
   * @returns What was, and what is still to be done.
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
   * Removes a server. It gets no further request; those that it is working on may finish.
   *
   * @param url Its URL, in any spelling.
   * @param drain For how long they may, in seconds. Default: without a limit.
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
   * The server with this URL, in any spelling of it.
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
    // Without a list of all of them, as there may be thousands.
    for (const entry of this.#entries.values()) if (entry.server.name === name) named.push(entry);
    return named;
  }

  #insert(server: Server): Entry {
    if (this.#entries.has(server.url)) throw alreadyExists(server.url);
    const slot = this.#table.allocate(effectiveWeight(server), server.maxConnections);
    if (slot === -1) {
      throw new BalancerError(
        "full",
        `Cannot add ${server.url}: all ${this.#table.capacity} places for servers are taken; ` +
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
