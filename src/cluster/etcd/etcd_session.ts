import { EndpointError } from "./etcd_failure.ts";
import type { EtcdGateway } from "./etcd_gateway.ts";
import { BadAnswer } from "./etcd_json.ts";
import type { EtcdOptions } from "./etcd_options.ts";

/** After so many calls in a row that are not answered, the token is taken for the reason. */
const SILENCES_MAX = 2;

/** The token by which etcd knows who asks; it is taken when it is needed, and again when it is over. */
export class EtcdSession {
  readonly #gateway: EtcdGateway;
  readonly #user: EtcdOptions["user"];
  #token: string | undefined;
  #isNeeded: boolean;
  #silences = 0;

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
      const result = await work(token);
      this.#silences = 0;
      return result;
    } catch (error) {
      this.#doubt(token, error);
      const isOver = error instanceof EndpointError && error.remedy === "renew";
      if (!isOver || this.#user === undefined) throw error;
      // Somebody else may have a new one already.
      if (this.#token === token) this.#token = undefined;
      this.#isNeeded = true;
      return await work(await this.#take(endpoint, signal));
    }
  }

  /**
   * An etcd that was put back to an earlier state says nothing at all to a token that it has given
   * out later: it waits until it has come as far again.
   */
  #doubt(token: string | undefined, error: unknown): void {
    if (!(error instanceof EndpointError) || error.failure !== "unknown") return;
    if (++this.#silences < SILENCES_MAX || this.#token !== token) return;
    this.#token = undefined;
    this.#silences = 0;
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
