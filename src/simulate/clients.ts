import type { PickContext } from "../state/policy.ts";

const NO_SESSION = -1;

/** The clients and, with session affinity, the servers of their sessions. */
export class Clients {
  readonly #addresses: readonly string[];
  readonly #sessions: Int32Array | undefined;
  readonly #context: { clientAddress: string | undefined; sessionSlot: number | undefined } = {
    clientAddress: undefined,
    sessionSlot: undefined,
  };

  /**
   * @param addresses Address of each client.
   * @param sticky Whether sessions are sticky.
   */
  constructor(addresses: readonly string[], sticky: boolean) {
    this.#addresses = addresses;
    this.#sessions = sticky ? new Int32Array(addresses.length).fill(NO_SESSION) : undefined;
  }

  /** Context of a request of a client. Reused by the next call. */
  context(client: number): PickContext {
    const slot = this.#sessions?.[client] ?? NO_SESSION;
    this.#context.clientAddress = this.#addresses[client];
    this.#context.sessionSlot = slot === NO_SESSION ? undefined : slot;
    return this.#context;
  }

  /** Moves a client's session to the server that has responded, as its cookie would. */
  keep(client: number, slot: number): void {
    if (this.#sessions !== undefined && client >= 0) this.#sessions[client] = slot;
  }
}

/**
 * Distinct client addresses in a private network.
 *
 * @param count Number of addresses, at most 2²⁴.
 */
export function clientAddresses(count: number): string[] {
  return Array.from(
    { length: count },
    (_, client) => `10.${client >> 16}.${client >> 8 & 255}.${client & 255}`,
  );
}
