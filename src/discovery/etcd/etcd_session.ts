import { EndpointError } from "./etcd_failure.ts";
import type { EtcdGateway } from "./etcd_gateway.ts";
import { BadAnswer } from "./etcd_json.ts";
import type { EtcdOptions } from "./etcd_options.ts";

/** The token by which etcd knows who asks; it is taken when it is needed, and again when it is over. */
export class EtcdSession {
  readonly #gateway: EtcdGateway;
  readonly #user: EtcdOptions["user"];
  #token: string | undefined;
  #isNeeded: boolean;

  /**
   * @param gateway What asks for the token.
   * @param user Who asks; undefined where etcd need not know.
   */
  constructor(gateway: EtcdGateway, user: EtcdOptions["user"]) {
    this.#gateway = gateway;
    this.#user = user;
    this.#isNeeded = user !== undefined;
  }

  /**
   * Does work with a token, and once more with a new one where etcd does not take the first.
   *
   * @param endpoint Who is asked for the token.
   * @param signal Calls the work off.
   * @param work What is done; undefined stands for no token.
   */
  async run<T>(
    endpoint: string,
    signal: AbortSignal | undefined,
    work: (token: string | undefined) => Promise<T>,
  ): Promise<T> {
    const token = await this.#take(endpoint, signal);
    try {
      return await work(token);
    } catch (error) {
      const isOver = error instanceof EndpointError && error.remedy === "renew";
      if (!isOver || this.#user === undefined) throw error;
      // Somebody else may have a new one already.
      if (this.#token === token) this.#token = undefined;
      this.#isNeeded = true;
      return await work(await this.#take(endpoint, signal));
    }
  }

  async #take(endpoint: string, signal: AbortSignal | undefined): Promise<string | undefined> {
    if (this.#user === undefined || !this.#isNeeded) return undefined;
    if (this.#token !== undefined) return this.#token;
    const path = "/v3/auth/authenticate";
    try {
      this.#token = await this.#gateway.ask(
        { endpoint, path, body: this.#user, token: undefined, signal },
        ({ token }) => {
          if (typeof token === "string" && /^[!-~]+$/.test(token)) return token;
          throw new BadAnswer("it answers without a token");
        },
      );
      return this.#token;
    } catch (error) {
      if (!(error instanceof EndpointError)) throw error;
      if (error.message.includes("authentication is not enabled")) {
        this.#isNeeded = false;
        return undefined;
      }
      // Whatever became of this, nothing else was asked.
      if (error.failure !== "unknown") throw error;
      throw new EndpointError("unreachable", error.message, { cause: error.cause });
    }
  }
}
