import { EndpointError } from "./etcd_failure.ts";
import type { EtcdGateway } from "./etcd_gateway.ts";
import { InvalidResponse } from "./etcd_json.ts";
import type { EtcdOptions } from "./etcd_options.ts";

/** How many calls in a row may go unanswered before the token is suspected. */
const UNANSWERED_MAX = 2;

/** Holds the auth token: requested when needed, and again when it has expired. */
export class EtcdSession {
  readonly #gateway: EtcdGateway;
  readonly #user: EtcdOptions["user"];
  #token: string | undefined;
  #isNeeded: boolean;
  #unanswered = 0;

  /**
   * @param gateway Requests the token.
   * @param user The user; undefined without authentication.
   */
  constructor(gateway: EtcdGateway, user: EtcdOptions["user"]) {
    this.#gateway = gateway;
    this.#user = user;
    this.#isNeeded = user !== undefined;
  }

  /**
   * Runs work with a token, and once more with a new one if etcd rejects the first.
   *
   * @param endpoint The endpoint to request a token from.
   * @param signal Aborts the request.
   * @param work The work; its token is undefined without authentication.
   */
  async run<T>(
    endpoint: string,
    signal: AbortSignal | undefined,
    work: (token: string | undefined) => Promise<T>,
  ): Promise<T> {
    const token = await this.#getToken(endpoint, signal);
    try {
      const result = await work(token);
      this.#unanswered = 0;
      return result;
    } catch (error) {
      this.#suspect(token, error);
      const isExpired = error instanceof EndpointError && error.recovery === "token";
      if (!isExpired || this.#user === undefined) throw error;
      // A concurrent call may have replaced it.
      if (this.#token === token) this.#token = undefined;
      this.#isNeeded = true;
      return await work(await this.#getToken(endpoint, signal));
    }
  }

  /**
   * An etcd restored from a backup does not respond to a token that it issued after the backup: it
   * waits until it has caught up.
   */
  #suspect(token: string | undefined, error: unknown): void {
    if (!(error instanceof EndpointError) || error.failure !== "unknown") return;
    if (++this.#unanswered < UNANSWERED_MAX || this.#token !== token) return;
    this.#token = undefined;
    this.#unanswered = 0;
  }

  async #getToken(endpoint: string, signal: AbortSignal | undefined): Promise<string | undefined> {
    if (this.#user === undefined || !this.#isNeeded) return undefined;
    if (this.#token !== undefined) return this.#token;
    const path = "/v3/auth/authenticate";
    try {
      this.#token = await this.#gateway.call(
        { endpoint, path, body: this.#user, token: undefined, signal },
        ({ token }) => {
          if (typeof token === "string" && /^[!-~]+$/.test(token)) return token;
          throw new InvalidResponse("it has no token");
        },
      );
      return this.#token;
    } catch (error) {
      if (!(error instanceof EndpointError)) throw error;
      if (error.message.includes("authentication is not enabled")) {
        this.#isNeeded = false;
        return undefined;
      }
      // The call itself was not sent.
      if (error.failure !== "unknown") throw error;
      throw new EndpointError("unreachable", error.message, { cause: error.cause });
    }
  }
}
