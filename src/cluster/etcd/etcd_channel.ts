import type { Clock } from "../../runtime/clock.ts";
import { type EtcdConnections, openConnections } from "./etcd_fetch.ts";
import { EtcdGateway } from "./etcd_gateway.ts";
import type { EtcdOptions } from "./etcd_options.ts";
import { EtcdSession } from "./etcd_session.ts";

/** How etcd is asked with one set of credentials: the connections, and the token. */
export class EtcdChannel implements Disposable {
  /** Asks single endpoints. */
  readonly gateway: EtcdGateway;
  /** Has the token. */
  readonly session: EtcdSession;
  readonly #connections: EtcdConnections;
  #users = 0;
  #isRetired = false;

  /**
   * Makes one; nothing is connected to yet.
   *
   * @param options With what etcd is asked.
   * @param clock What the time limits run on.
   * @throws {BalancerError} `invalid` for certificates that cannot be used; `unsupported` for
   * certificates on a runtime that cannot use any.
   */
  constructor(options: EtcdOptions, clock: Clock) {
    this.#connections = openConnections(options);
    this.gateway = new EtcdGateway(this.#connections.fetch, clock);
    this.session = new EtcdSession(this.gateway, options.user);
  }

  /** Does work over it: its connections stay open for that. */
  async use<T>(work: (channel: EtcdChannel) => Promise<T>): Promise<T> {
    this.#users++;
    try {
      return await work(this);
    } finally {
      this.#users--;
      if (this.#isRetired && this.#users === 0) this.#connections[Symbol.dispose]();
    }
  }

  /** Closes the connections as soon as what is under way is over; there will be nothing more. */
  retire(): void {
    if (this.#isRetired) return;
    this.#isRetired = true;
    if (this.#users === 0) this.#connections[Symbol.dispose]();
  }

  /** Closes the connections now. */
  [Symbol.dispose](): void {
    if (this.#isRetired && this.#users === 0) return;
    this.#isRetired = true;
    this.#users = Infinity;
    this.#connections[Symbol.dispose]();
  }
}
