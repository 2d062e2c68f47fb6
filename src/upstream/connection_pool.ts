import type { Connection } from "./upstream_connection.ts";

/** The most idle connections to one server. */
const IDLE_MAX = 1024;

/** A pool of idle connections to one server, each watched, the one used last on top. */
export class ConnectionPool {
  readonly #idle: Connection[] = [];
  #closed = false;
  /** Shared by all connections, as each is returned once per request. */
  readonly #drop = (connection: Connection): void => {
    this.#idle.splice(this.#idle.indexOf(connection), 1);
    connection.close();
  };

  /** The number of idle connections. */
  get size(): number {
    return this.#idle.length;
  }

  /** Takes the connection used last; undefined if there is none. */
  take(): Connection | undefined {
    const connection = this.#idle.pop();
    connection?.unwatch();
    return connection;
  }

  /** Returns a connection for the next request. */
  put(connection: Connection, now: number): void {
    if (this.#closed || this.#idle.length >= IDLE_MAX) return connection.close();
    connection.idleSince = now;
    this.#idle.push(connection);
    connection.watch(this.#drop);
  }

  /** Lets the process end while these connections are idle. */
  rest(): void {
    for (const connection of this.#idle) connection.rest();
  }

  /** Closes the connections that have been idle since before `time`. */
  closeIdleSince(time: number): void {
    // The one returned first is at the bottom.
    let count = 0;
    while (count < this.#idle.length && this.#idle[count]!.idleSince < time) count++;
    for (const connection of this.#idle.splice(0, count)) connection.close();
  }

  /** Closes every idle connection, and each one that is returned later. */
  close(): void {
    this.#closed = true;
    this.closeIdleSince(Infinity);
  }
}
