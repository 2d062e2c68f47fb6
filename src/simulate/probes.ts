import { type Faults, refused } from "./faults.ts";
import type { ServerHealth } from "../health/server_health.ts";
import type { HealthCheck } from "../model/settings.ts";
import type { Registry } from "../state/registry.ts";
import type { UpstreamRequest } from "../http1/message.ts";
import type {
  ConnectionCounts,
  SendOptions,
  Transport,
  UpstreamResponse,
} from "../upstream/transport.ts";
import type { RandomStream } from "./random.ts";

/** A response without its status. */
const NO_CONTENT = { headers: [], contentLength: 0, body: null, discard: () => {} } as const;

/** Options of {@linkcode Probes}. */
export interface ProbesOptions {
  /** The servers. */
  readonly registry: Registry;
  /** Their current faults. */
  readonly faults: Faults;
  /** Draws whether a server with the fault `errors` answers a check with an error. */
  readonly random: RandomStream;
}

/**
 * Transport for health checks of simulated servers. A server that is up responds at once, however
 * busy, and a check is no work for it.
 *
 * The health checker awaits promises. Simulated time must not pass until {@linkcode Probes.pending}
 * is 0.
 */
export class Probes implements Transport {
  readonly #options: ProbesOptions;
  /** Callbacks that answer the checks of hanging servers. */
  readonly #held: Map<number, Set<() => void>> = new Map();
  /** Number of results that the checkers have not processed yet. */
  pending = 0;

  /** @param options The options. */
  constructor(options: ProbesOptions) {
    this.#options = options;
  }

  /** Starts the health checks of a balancer. */
  check(health: ServerHealth, check: HealthCheck, random: () => number): void {
    health.startChecks({ transport: this, check, random, onResult: () => this.pending-- });
  }

  /** See {@linkcode Transport}. */
  send(
    serverUrl: string,
    _request: UpstreamRequest,
    { cancellation }: SendOptions = {},
  ): Promise<UpstreamResponse> {
    const { registry, faults, random } = this.#options;
    const server = registry.get(serverUrl).slot;
    const { promise, resolve, reject } = Promise.withResolvers<UpstreamResponse>();
    const answer = (): void => {
      this.pending++;
      if (faults.down[server] === 1) return reject(refused(serverUrl));
      resolve({ ...NO_CONTENT, status: faults.status(server, random) });
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

  /** Ends the hang of a server, which then answers the pending checks. */
  resume(server: number): void {
    const held = this.#held.get(server);
    this.#held.delete(server);
    for (const answer of held ?? []) answer();
    held?.clear();
  }

  /** See {@linkcode Transport}. Has no connections. */
  forget(): void {}

  /** See {@linkcode Transport}. Has no connections. */
  connections(): ConnectionCounts {
    return { open: 0, idle: 0 };
  }

  /** See {@linkcode Transport}. Has nothing to close. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
