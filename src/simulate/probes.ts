import type { Registry } from "../state/registry.ts";
import type { UpstreamRequest } from "../http1/message.ts";
import type {
  ConnectionCounts,
  SendOptions,
  Transport,
  UpstreamResponse,
} from "../upstream/transport.ts";
import type { RandomStream } from "./random.ts";
import { refused } from "./upstream_errors.ts";
import type { UpstreamFaults } from "./upstream_faults.ts";

/** An answer, but for its status. */
const NO_CONTENT = { headers: [], contentLength: 0, body: null, discard: () => {} } as const;

/** What {@linkcode Probes} work with. */
export interface ProbesParts {
  /** Where a server's number is found. */
  readonly registry: Registry;
  /** What is wrong with the servers. */
  readonly faults: UpstreamFaults;
  /** Decides whether a check is among the requests that a server answers with an error. */
  readonly random: RandomStream;
}

/**
 * Takes health checks to the simulated servers. A server that is up answers at once, however busy it
 * is, and a check is no work for it.
 *
 * The health checker waits for promises, which the simulation has to let it do, at the same simulated
 * time: until {@linkcode Probes.pending} is 0.
 */
export class Probes implements Transport {
  readonly #parts: ProbesParts;
  /** What goes on with the checks that wait for servers which stand still. */
  readonly #held: Map<number, Set<() => void>> = new Map();
  /** How many answers there are that the checkers have not taken notice of. */
  pending = 0;

  /** @param parts What to work with. */
  constructor(parts: ProbesParts) {
    this.#parts = parts;
  }

  /** A checker has taken notice of an answer. */
  settled(): void {
    this.pending--;
  }

  /** See {@linkcode Transport}. */
  send(
    serverUrl: string,
    _request: UpstreamRequest,
    { cancellation }: SendOptions = {},
  ): Promise<UpstreamResponse> {
    const { registry, faults, random } = this.#parts;
    const server = registry.get(serverUrl).slot;
    const { promise, resolve, reject } = Promise.withResolvers<UpstreamResponse>();
    const answer = (): void => {
      this.pending++;
      if (faults.down[server] === 1) return reject(refused(serverUrl));
      const share = faults.errors[server]!;
      const status = share > 0 && random.next() < share ? 500 : 200;
      resolve({ ...NO_CONTENT, status });
    };
    if (faults.hanging[server] === 0) {
      answer();
      return promise;
    }
    const held = this.#held.get(server) ?? new Set();
    this.#held.set(server, held.add(answer));
    cancellation?.attach({
      cancel: (reason) => {
        if (!held.delete(answer)) return;
        this.pending++;
        reject(reason);
      },
    });
    return promise;
  }

  /** A server does not stand still any more: it answers the checks that wait. */
  resume(server: number): void {
    const held = this.#held.get(server);
    this.#held.delete(server);
    for (const answer of held ?? []) answer();
    held?.clear();
  }

  /** See {@linkcode Transport}. There are no connections. */
  forget(): void {}

  /** See {@linkcode Transport}. There are no connections. */
  connections(): ConnectionCounts {
    return { open: 0, idle: 0 };
  }

  /** See {@linkcode Transport}. There is nothing to close. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
