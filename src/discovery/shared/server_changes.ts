import type { Clock } from "../../core/clock.ts";
import { BalancerError } from "../../core/errors.ts";
import { alreadyExists, notFound } from "../../core/registry.ts";
import {
  canonicalServerUrl,
  completeServer,
  type Server,
  type ServerChange,
  type ServerInit,
} from "../../core/server.ts";
import { diffServers } from "../../core/server_diff.ts";
import { drainSchema } from "../../config/settings_schema.ts";
import { validate } from "../../config/validate.ts";
import { checkChange, checkServer } from "../../load_balancer_options.ts";
import { checkPermitted } from "../../net_permission.ts";
import type { Follower } from "./follower.ts";
import { writeRemoval } from "./removals.ts";
import { writeServerValue } from "./server_value.ts";
import { type ServerWrite, type ServerWriter, unconfirmed } from "./server_writer.ts";
import type { SharedKeys } from "./shared_keys.ts";
import type { SharedServers } from "./shared_servers.ts";

/** How long a change may be on its way back before it is looked where it is, in milliseconds. */
const LAG_MS = 1000;
/** How long it may be on its way back, in milliseconds. */
const RETURN_LIMIT_MS = 10_000;
/** How long a record of a removal is kept beyond the time that it grants, in seconds. */
const RECORD_SECONDS = 60;

/** What {@linkcode ServerChanges} work with. */
export interface ServerChangesParts {
  /** The keys. */
  readonly keys: SharedKeys;
  /** The servers as they are known here. */
  readonly servers: SharedServers;
  /** What sees the changes come back. */
  readonly follower: Follower;
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
      const known = this.#parts.servers.find(url);
      if (known?.server !== undefined) throw alreadyExists(url);
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
      const server = completeServer({ ...this.#current(key, "update", seen), ...fields });
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
      const server = this.#current(key, "delete", seen);
      await this.#make(key, { what: `delete ${key}`, value: undefined, drain });
      return server;
    });
  }

  /** What the server is now, if it is still what somebody has decided by. */
  #current(url: string, what: string, seen: Server | undefined): Server {
    const server = this.#parts.servers.find(url)?.server;
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
  async #make(url: string, { what, value, drain }: Wanted): Promise<void> {
    const { keys, servers, writer, signal } = this.#parts;
    const revision = servers.find(url)?.revision ?? 0;
    const record = drain === undefined ? undefined : {
      key: keys.removals + url,
      value: writeRemoval(drain),
      seconds: Math.ceil(drain) + RECORD_SECONDS,
    };
    const write: ServerWrite = { what, key: keys.servers + url, revision, value, record };
    const made = await writer.write(write, signal);
    // The next change of the key is the one that was made, or the one that was faster.
    const seen = await this.#see(() => (servers.find(url)?.revision ?? 0) !== revision);
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
  /** For how long a server that is removed may go on, in seconds. Default: for ever. */
  readonly drain?: number | undefined;
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
