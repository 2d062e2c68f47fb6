import type { Clock } from "../../runtime/clock.ts";
import { type EtcdConnections, openConnections } from "./etcd_fetch.ts";
import { EtcdGateway, type GatewayRequest } from "./etcd_gateway.ts";
import type { Fields } from "./etcd_json.ts";
import type { EtcdOptions } from "./etcd_options.ts";
import { EtcdSession } from "./etcd_session.ts";

/** The connections and the auth token that belong to one set of credentials. */
export class EtcdChannel implements Disposable {
  /** Sends requests to single endpoints. */
  readonly gateway: EtcdGateway;
  /** Holds the auth token. */
  readonly session: EtcdSession;
  readonly #connections: EtcdConnections;
  #users = 0;
  #isRetired = false;

  /**
   * Creates a channel; nothing is connected yet.
   *
   * @param options The credentials.
   * @param clock Clock of the time limits.
   * @throws {BalancerError} `invalid` for certificates that cannot be used; `unsupported` for
   * certificates on a runtime that supports none.
   */
  constructor(options: EtcdOptions, clock: Clock) {
    this.#connections = openConnections(options);
    this.gateway = new EtcdGateway(this.#connections.fetch, clock);
    this.session = new EtcdSession(this.gateway, options.user);
  }

  /** Runs work that keeps the connections open. */
  async use<T>(work: (channel: EtcdChannel) => Promise<T>): Promise<T> {
    this.#users++;
    try {
      return await work(this);
    } finally {
      this.#users--;
      if (this.#isRetired && this.#users === 0) this.#connections[Symbol.dispose]();
    }
  }

  /** Sends a unary request with the auth token. */
  call<T>(
    request: Omit<GatewayRequest, "token">,
    parse: (response: Fields) => T,
  ): Promise<T> {
    const { endpoint, signal } = request;
    return this.use(({ session, gateway }) =>
      session.run(endpoint, signal, (token) => gateway.call({ ...request, token }, parse))
    );
  }

  /** Closes the connections once the work in progress is done. */
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
