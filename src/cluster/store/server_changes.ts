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
import { diffServers } from "../../model/server_diff.ts";
import { checkDiscoverKept } from "../../config/discover_change.ts";
import { drainSchema } from "../../config/settings_schema.ts";
import { validate } from "../../config/validate.ts";
import { checkChange, checkServer } from "../../balancer/check_servers.ts";
import { checkPermitted } from "../../runtime/net_permission.ts";
import type { KeyWatcher } from "./key_watcher.ts";
import { writeRemoval } from "./removals.ts";
import { writeServerValue } from "./server_value.ts";
import {
  type KeptRecord,
  type ServerWrite,
  type ServerWriter,
  unconfirmed,
} from "./server_writer.ts";
import type { SharedKeys } from "./shared_keys.ts";
import type { SharedServers } from "./shared_servers.ts";

/** How long a change may be on its way back before it is looked where it is, in milliseconds. */
const LAG_MS = 1000;
/** How long it may be on its way back, in milliseconds. */
const RETURN_LIMIT_MS = 10_000;
/**
 * How long a record of a removal is kept beyond the time that it grants, in seconds: for as long as a
 * balancer may be away, and still know when it is back that the server was not just lost.
 */
const RECORD_SECONDS = 3600;
/** How many records one transaction writes: etcd takes 128 writes in one unless it is told otherwise. */
const CHUNK = 100;

/** What {@linkcode ServerChanges} work with. */
export interface ServerChangesParts {
  /** The keys. */
  readonly keys: SharedKeys;
  /** The servers as they are known here. */
  readonly servers: SharedServers;
  /** What sees the changes come back. */
  readonly follower: KeyWatcher;
  /** What sends them. */
  readonly writer: ServerWriter;
  /** The time and the timers. */
  readonly clock: Clock;
  /** Ends everything. */
  readonly signal: AbortSignal;
}

/**
 * The changes that callers of this balancer want. Those of the same server are made one after the
 * other, in the order of the calls; each is decided on by what is known here when its turn comes.
 * If somebody else was faster, it is refused once what they did is seen here.
 */
export class ServerChanges {
  readonly #parts: ServerChangesParts;
  readonly #turns = new Map<string, Promise<unknown>>();

  /** @param parts What to work with. */
  constructor(parts: ServerChangesParts) {
    this.#parts = parts;
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
      if (this.#parts.servers.current(url) !== undefined) throw alreadyExists(url);
      const owner = this.#parts.servers.discoverer(url);
      if (owner !== undefined) throw alreadyDiscovered(url, owner);
      // A value that cannot be used is replaced.
      await this.#make(url, { what: `add ${url}`, value: writeServerValue(server) });
      return server;
    });
  }

  /**
   * Changes a server.
   *
   * @param url Its URL, in any spelling.
   * @param change What is different.
   * @param seen What the server must be.
   * @throws {BalancerError} `invalid`, `not_found`, `conflict`, `unavailable` or `unconfirmed`.
   */
  async update(url: string, change: ServerChange, seen?: Server): Promise<Server> {
    const { url: at, ...fields } = checkChange(url, change);
    const key = canonicalServerUrl(at);
    return await this.#inTurn(key, async () => {
      const before = this.#current(key, "update", seen);
      checkDiscoverKept(before, fields.discover ?? before.discover);
      const server = completeServer({ ...before, ...fields });
      await this.#make(key, { what: `update ${key}`, value: writeServerValue(server) });
      return server;
    });
  }

  /**
   * Removes a server.
   *
   * @param url Its URL, in any spelling.
   * @param drain For how long it may go on with what it works on, in seconds; undefined for ever.
   * @param seen What the server must be.
   * @throws {BalancerError} `invalid`, `not_found`, `conflict`, `unavailable` or `unconfirmed`.
   */
  async remove(url: string, drain?: number, seen?: Server): Promise<Server> {
    const key = canonicalServerUrl(checkServer({ url }).url);
    if (drain !== undefined) validate(drainSchema, drain, "the time", "drain");
    return await this.#inTurn(key, async () => {
      const { servers } = this.#parts;
      const server = this.#current(key, "delete", seen);
      const record = {
        key: this.#parts.keys.removals + key,
        value: writeRemoval(drain),
        seconds: Math.ceil(drain ?? 0) + RECORD_SECONDS,
        // Without, nobody would know of the time, or of the removal of what etcd has lost.
        isNeeded: drain !== undefined || servers.isHeld(key),
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
   * Removes the servers that etcd has lost and that are still in use, at every balancer.
   *
   * @returns Their URLs.
   * @throws {BalancerError} `unavailable` or `unconfirmed`.
   */
  async acceptRemovals(): Promise<readonly string[]> {
    const { keys, servers, writer, signal } = this.#parts;
    const what = "accept the servers of etcd";
    const urls = servers.heldRemovals?.urls ?? [];
    for (let at = 0; at < urls.length; at += CHUNK) {
      const records = urls.slice(at, at + CHUNK).map((url) => (
        { key: keys.removals + url, value: writeRemoval(undefined), unless: keys.servers + url }
      ));
      await writer.record({ what, records, seconds: RECORD_SECONDS }, signal);
    }
    const seen = await this.#see(() => !urls.some((url) => servers.isHeld(url)));
    if (!seen) throw unconfirmed({ what }, "etcd has taken it, and it is not seen here yet");
    return urls.filter((url) => servers.current(url) === undefined);
  }

  /** What the server is now, if it is still what somebody has decided by. */
  #current(url: string, what: string, seen: Server | undefined): Server {
    const { servers } = this.#parts;
    const server = servers.current(url);
    const owner = server === undefined ? servers.discoverer(url) : undefined;
    if (owner !== undefined) throw isDiscovered(url, owner);
    if (seen === undefined) {
      if (server === undefined) throw notFound(url);
    } else if (server === undefined || !isSame(server, seen)) throw conflict(`${what} ${url}`);
    return server;
  }

  async #inTurn<T>(url: string, change: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(url);
    const own = before === undefined ? change() : before.then(change);
    const over = own.then(nothing, nothing);
    this.#turns.set(url, over);
    try {
      return await own;
    } finally {
      if (this.#turns.get(url) === over) this.#turns.delete(url);
    }
  }

  /** Writes a change, and returns when it is seen here. */
  async #make(url: string, { what, value, record }: Wanted): Promise<void> {
    const { keys, servers, writer, signal } = this.#parts;
    const isHeld = servers.isHeld(url);
    const revision = servers.find(url)?.revision ?? 0;
    const write: ServerWrite = { what, key: keys.servers + url, revision, value, record };
    const made = await writer.write(write, signal);
    // The next change of the key is the one that was made, or the one that was faster.
    const seen = await this.#see(() =>
      (servers.find(url)?.revision ?? 0) !== revision || servers.isHeld(url) !== isHeld
    );
    if (!made) throw conflict(what);
    if (!seen) throw unconfirmed(write, "etcd has taken it, and it is not seen here yet");
  }

  async #see(condition: () => boolean): Promise<boolean> {
    const { clock, follower, signal } = this.#parts;
    const limit = new AbortController();
    const cancels = [
      clock.after(LAG_MS, () => follower.check()),
      clock.after(RETURN_LIMIT_MS, () => limit.abort()),
    ];
    try {
      return await follower.until(condition, AbortSignal.any([signal, limit.signal]));
    } finally {
      for (const cancel of cancels) cancel();
    }
  }
}

/** A change that was decided on. */
interface Wanted {
  /** What is done, for messages: "Cannot {what}: …". */
  readonly what: string;
  /** What the key is to hold; undefined for nothing. */
  readonly value: string | undefined;
  /** What is written together with it. Default: nothing. */
  readonly record?: KeptRecord;
}

function isSame(one: Server, other: Server): boolean {
  return diffServers([completeServer(other)], [one]).changed.length === 0;
}

function conflict(what: string): BalancerError {
  return new BalancerError(
    "conflict",
    `Cannot ${what}: somebody else has changed it at the same moment; see what it is now, and ` +
      "decide again",
  );
}

function nothing(): void {}
