import type { Clock } from "../../runtime/clock.ts";
import { alreadyDiscovered, isDiscovered } from "../../model/discovery.ts";
import { BalancerError } from "../../model/errors.ts";
import { alreadyExists, notFound } from "../../state/registry.ts";
import {
  canonicalServerUrl,
  completeServer,
  type Server,
  type ServerChange,
  type ServerInit,
} from "../../model/server.ts";
import { isSame } from "../../model/server_diff.ts";
import { checkDiscoverKept } from "../../config/discover_change.ts";
import { drainSchema } from "../../config/settings_schema.ts";
import { validate } from "../../config/validate.ts";
import { checkChange, checkServer } from "../../balancer/check_servers.ts";
import { checkPermitted } from "../../runtime/net_permission.ts";
import { withTimeout } from "../../runtime/time.ts";
import type { EtcdContext } from "./connectivity.ts";
import type { KeyWatcher } from "./key_watcher.ts";
import { removalValue } from "./removals.ts";
import { serverValue } from "./server_value.ts";
import {
  type ExpiringRecord,
  type ServerWrite,
  ServerWriter,
  unconfirmed,
} from "./server_writer.ts";
import type { SharedKeys } from "./shared_keys.ts";
import type { SharedServers } from "./shared_servers.ts";

/** After how long to check the watch if a change has not arrived, in milliseconds. */
const LAG_MS = 1000;
/** Time limit for a change to arrive, in milliseconds. */
const ARRIVAL_LIMIT_MS = 10_000;
/**
 * How long the record of a removal outlives its drain time, in seconds: a balancer that was
 * disconnected for less than that still learns that the server was removed rather than lost.
 */
const RECORD_SECONDS = 3600;
/** Records per transaction: etcd allows 128 writes in one by default. */
const CHUNK = 100;

const NOT_ARRIVED = "etcd has accepted it, but it has not arrived here yet";

/** Options of {@linkcode ServerChanges}. */
export interface ServerChangesOptions {
  /** The keys in etcd. */
  readonly keys: SharedKeys;
  /** The servers as known here. */
  readonly servers: SharedServers;
  /** Receives the changes back from etcd. */
  readonly watcher: KeyWatcher;
  /** Aborts all changes. */
  readonly signal: AbortSignal;
}

/**
 * Makes changes of servers through etcd. Changes of the same server are made one at a time, in the
 * order of the calls, each based on the state known here when its turn comes. If another writer was
 * faster, a change fails once the other one has arrived here.
 */
export class ServerChanges {
  readonly #clock: Clock;
  readonly #writer: ServerWriter;
  readonly #options: ServerChangesOptions;
  readonly #turns = new Map<string, Promise<unknown>>();

  /**
   * @param context The etcd client and its connectivity.
   * @param options The keys and the servers.
   */
  constructor(context: EtcdContext, options: ServerChangesOptions) {
    this.#clock = context.clock;
    this.#writer = new ServerWriter(context);
    this.#options = options;
  }

  /**
   * Adds a server.
   *
   * @throws {BalancerError} `invalid`, `already_exists`, `not_permitted`, `conflict`, `unavailable`
   * or `unconfirmed`.
   */
  async add(init: ServerInit): Promise<Server> {
    const server = completeServer(checkServer(init));
    const { url } = server;
    checkPermitted([server]);
    return await this.#inTurn(url, async () => {
      if (this.#options.servers.current(url) !== undefined) throw alreadyExists(url);
      const source = this.#options.servers.discoverer(url);
      if (source !== undefined) throw alreadyDiscovered(url, source);
      // This replaces an invalid value.
      await this.#make(url, { what: `add ${url}`, value: serverValue(server) });
      return server;
    });
  }

  /**
   * Updates a server.
   *
   * @param url Its URL, in any spelling.
   * @param change The fields to change.
   * @param seen The expected state of the server. Default: any.
   * @throws {BalancerError} `invalid`, `not_found`, `conflict`, `unavailable` or `unconfirmed`.
   */
  async update(url: string, change: ServerChange, seen?: Server): Promise<Server> {
    const { url: at, ...fields } = checkChange(url, change);
    const key = canonicalServerUrl(at);
    return await this.#inTurn(key, async () => {
      const before = this.#current(key, "update", seen);
      checkDiscoverKept(before, fields.discover ?? before.discover);
      const server = completeServer({ ...before, ...fields });
      await this.#make(key, { what: `update ${key}`, value: serverValue(server) });
      return server;
    });
  }

  /**
   * Removes a server.
   *
   * @param url Its URL, in any spelling.
   * @param drain Drain time in seconds. Default: no limit.
   * @param seen The expected state of the server. Default: any.
   * @throws {BalancerError} `invalid`, `not_found`, `conflict`, `unavailable` or `unconfirmed`.
   */
  async remove(url: string, drain?: number, seen?: Server): Promise<Server> {
    const key = canonicalServerUrl(checkServer({ url }).url);
    if (drain !== undefined) validate(drainSchema, drain, "the time", "drain");
    return await this.#inTurn(key, async () => {
      const { servers } = this.#options;
      const server = this.#current(key, "delete", seen);
      const record = {
        key: this.#options.keys.removals + key,
        value: removalValue(drain),
        seconds: Math.ceil(drain ?? 0) + RECORD_SECONDS,
        // Without it, other balancers would not learn the drain time, or of a held server's removal.
        isRequired: drain !== undefined || servers.isHeld(key),
      };
      const expected = servers.expectRemoval(key);
      try {
        await this.#make(key, { what: `delete ${key}`, value: undefined, record });
      } finally {
        expected[Symbol.dispose]();
      }
      return server;
    });
  }

  /**
   * Removes the servers that etcd has lost and that are still in use, on every balancer.
   *
   * @returns Their URLs.
   * @throws {BalancerError} `unavailable` or `unconfirmed`.
   */
  async acceptRemovals(): Promise<readonly string[]> {
    const { keys, servers, signal } = this.#options;
    const what = "accept the servers of etcd";
    const urls = servers.heldRemovals?.urls ?? [];
    for (let at = 0; at < urls.length; at += CHUNK) {
      const records = urls.slice(at, at + CHUNK).map((url) => (
        { key: keys.removals + url, value: removalValue(undefined), unless: keys.servers + url }
      ));
      await this.#writer.record({ what, records, seconds: RECORD_SECONDS }, signal);
    }
    const hasArrived = await this.#arrival(() => !urls.some((url) => servers.isHeld(url)));
    if (!hasArrived) throw unconfirmed({ what }, NOT_ARRIVED);
    return urls.filter((url) => servers.current(url) === undefined);
  }

  /** The current state of a server, if it is the expected one. */
  #current(url: string, what: string, seen: Server | undefined): Server {
    const { servers } = this.#options;
    const server = servers.current(url);
    const source = server === undefined ? servers.discoverer(url) : undefined;
    if (source !== undefined) throw isDiscovered(url, source);
    if (seen === undefined) {
      if (server === undefined) throw notFound(url);
    } else if (server === undefined || !isSame(server, completeServer({ ...seen, url }))) {
      throw conflict(`${what} ${url}`);
    }
    return server;
  }

  async #inTurn<T>(url: string, change: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(url);
    const turn = before === undefined ? change() : before.then(change);
    const done = turn.then(nothing, nothing);
    this.#turns.set(url, done);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(url) === done) this.#turns.delete(url);
    }
  }

  /** Writes a change, and returns when it has arrived here. */
  async #make(url: string, { what, value, record }: KeyUpdate): Promise<void> {
    const { keys, servers, signal } = this.#options;
    const isHeld = servers.isHeld(url);
    const revision = servers.find(url)?.revision ?? 0;
    const write: ServerWrite = { what, key: keys.servers + url, revision, value, record };
    const isApplied = await this.#writer.write(write, signal);
    // The next change of the key is this one, or the one that was faster.
    const hasArrived = await this.#arrival(() =>
      (servers.find(url)?.revision ?? 0) !== revision || servers.isHeld(url) !== isHeld
    );
    if (!isApplied) throw conflict(what);
    if (!hasArrived) throw unconfirmed(write, NOT_ARRIVED);
  }

  /** Waits until a change has arrived here; returns whether it has. */
  async #arrival(condition: () => boolean): Promise<boolean> {
    const { watcher, signal } = this.#options;
    const clock = this.#clock;
    const cancel = clock.after(LAG_MS, () => watcher.check());
    try {
      return await withTimeout(
        { clock, milliseconds: ARRIVAL_LIMIT_MS, signal },
        (signal) => watcher.until(condition, signal),
      );
    } finally {
      cancel();
    }
  }
}

/** A change of a server's key. */
interface KeyUpdate {
  /** The operation, for messages: "Cannot {what}: …". */
  readonly what: string;
  /** The new value; undefined to delete the key. */
  readonly value: string | undefined;
  /** A record to write with it. Default: none. */
  readonly record?: ExpiringRecord;
}

function conflict(what: string): BalancerError {
  return new BalancerError(
    "conflict",
    `Cannot ${what}: a concurrent change came first; check its current state and try again`,
  );
}

function nothing(): void {}
