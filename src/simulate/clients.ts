import type { PickContext } from "../state/policy.ts";

const NO_SESSION = -1;

/** Who sends requests, and at which server the sessions are, where there are any. */
export class Clients {
  readonly #addresses: readonly string[];
  readonly #sessions: Int32Array | undefined;
  readonly #context: { clientAddress: string | undefined; sessionSlot: number | undefined } = {
    clientAddress: undefined,
    sessionSlot: undefined,
  };

  /**
   * @param addresses The clients' addresses, each at the client's number.
   * @param sticky Whether clients stay at a server.
   */
  constructor(addresses: readonly string[], sticky: boolean) {
    this.#addresses = addresses;
    this.#sessions = sticky ? new Int32Array(addresses.length).fill(NO_SESSION) : undefined;
  }

  /** What a policy may know of a client's request. Valid until the next call. */
  context(client: number): PickContext {
    const slot = this.#sessions?.[client] ?? NO_SESSION;
    this.#context.clientAddress = this.#addresses[client];
    this.#context.sessionSlot = slot === NO_SESSION ? undefined : slot;
    return this.#context;
  }

  /** A server has answered a client, whose session is there from now on. */
  keep(client: number, slot: number): void {
    if (this.#sessions !== undefined && client >= 0) this.#sessions[client] = slot;
  }
}

/**
 * Addresses of clients of a private network, all different.
 *
 * @param count How many, at most 2²⁴.
 */
export function clientAddresses(count: number): string[] {
  return Array.from(
    { length: count },
    (_, client) => `10.${client >> 16}.${client >> 8 & 255}.${client & 255}`,
  );
}
