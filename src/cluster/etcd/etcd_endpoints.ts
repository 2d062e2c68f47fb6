import { getLogger } from "@logtape/logtape";
import type { Clock } from "../../runtime/clock.ts";
import { pause } from "../../runtime/time.ts";
import { secondsText } from "../../model/seconds_text.ts";
import { EndpointError } from "./etcd_failure.ts";
import { EtcdError } from "./etcd_types.ts";

/** How long a failed endpoint is tried only after the others, in milliseconds. */
const AVOIDED_MS = 5_000;
/** How recent an endpoint's last response must be to send it a non-idempotent call unchecked, in milliseconds. */
const FRESH_MS = 1_000;
/** After how long a call that its caller aborts counts as a failure of the endpoint, in milliseconds. */
const SLOW_MS = 1_000;
/** How long to wait for a leader election, and how often to retry meanwhile, in milliseconds. */
const ELECTION_MS = 3_000;
const ELECTION_STEP_MS = 100;

interface Endpoint {
  readonly url: string;
  answeredAt: number;
  failedAt: number;
  isDown: boolean;
}

/** A call that any endpoint can serve. */
export interface EndpointCall<T> {
  /** The operation, for messages: "Cannot …". */
  readonly what: string;
  /** Whether it may be sent twice. */
  readonly idempotent: boolean;
  /** Aborts the call. */
  readonly signal: AbortSignal | undefined;
  /** Sends it to one endpoint. */
  send(endpoint: string): Promise<T>;
}

/** The endpoints of etcd, with failover between them. */
export class EtcdEndpoints {
  readonly #all: readonly Endpoint[];
  readonly #ping: (endpoint: string, signal: AbortSignal | undefined) => Promise<void>;
  readonly #clock: Clock;
  readonly #logger = getLogger(["ballast", "etcd"]);
  #current = 0;

  /**
   * @param urls The endpoints; at least one.
   * @param ping Checks whether an endpoint responds.
   * @param clock Clock for the ages of responses and failures.
   */
  constructor(
    urls: readonly string[],
    ping: (endpoint: string, signal: AbortSignal | undefined) => Promise<void>,
    clock: Clock,
  ) {
    this.#all = urls.map((url) => (
      { url, answeredAt: -Infinity, failedAt: -Infinity, isDown: false }
    ));
    this.#ping = ping;
    this.#clock = clock;
  }

  /** The endpoint that responded last; undefined if none has yet. */
  get current(): string | undefined {
    const { url, answeredAt } = this.#all[this.#current]!;
    return answeredAt === -Infinity ? undefined : url;
  }

  /**
   * Sends a call to an endpoint that responds. Fails over to the next one if the call had no effect or
   * is idempotent; if no endpoint has a leader, waits for an election.
   *
   * @throws {EtcdError} With the failure of each endpoint.
   */
  async run<T>(call: EndpointCall<T>): Promise<T> {
    const end = this.#clock.now() + ELECTION_MS;
    for (;;) {
      const errors = new Map<string, EndpointError>();
      for (const endpoint of this.#inOrder()) {
        try {
          return await this.#send(endpoint, call);
        } catch (error) {
          if (!(error instanceof EndpointError)) throw error;
          errors.set(endpoint.url, error);
          const { failure } = error;
          if (failure === "unreachable" || (failure === "unknown" && call.idempotent)) continue;
          throw toEtcdError(failure, call.what, errors);
        }
      }
      const isElecting = [...errors.values()].some(({ recovery }) => recovery === "election");
      if (!isElecting || this.#clock.now() >= end) {
        throw toEtcdError("unreachable", call.what, errors);
      }
      await pause(this.#clock, ELECTION_STEP_MS, call.signal);
      call.signal?.throwIfAborted();
    }
  }

  /** Records that an endpoint failed in the middle of a response. */
  fail(url: string, why: string): void {
    const endpoint = this.#all.find((endpoint) => endpoint.url === url)!;
    endpoint.failedAt = this.#clock.now();
    if (endpoint.isDown) return;
    endpoint.isDown = true;
    this.#logger.warn("etcd: {url} {why}", { url, why });
  }

  async #send<T>(endpoint: Endpoint, call: EndpointCall<T>): Promise<T> {
    const begin = this.#clock.now();
    try {
      // Detects a dead host by a request that may be repeated.
      if (!call.idempotent && this.#clock.now() - endpoint.answeredAt > FRESH_MS) {
        await this.#ping(endpoint.url, call.signal);
      }
      const result = await call.send(endpoint.url);
      this.#answered(endpoint);
      return result;
    } catch (error) {
      if (!(error instanceof EndpointError)) {
        // Aborted by the caller, whose limit may be shorter than ours: the endpoint is slow all the same.
        const waited = this.#clock.now() - begin;
        if (waited >= SLOW_MS) {
          this.fail(endpoint.url, `did not answer for ${secondsText(waited / 1000)}`);
        }
        throw error;
      }
      const { failure, message } = error;
      if (failure === "unreachable" || failure === "unknown") this.fail(endpoint.url, message);
      else this.#answered(endpoint);
      throw error;
    }
  }

  #answered(endpoint: Endpoint): void {
    endpoint.answeredAt = this.#clock.now();
    endpoint.failedAt = -Infinity;
    this.#current = this.#all.indexOf(endpoint);
    if (!endpoint.isDown) return;
    endpoint.isDown = false;
    this.#logger.info("etcd: {url} responds again", { url: endpoint.url });
  }

  /** The endpoint that responded last comes first, those that have just failed come last. */
  #inOrder(): Endpoint[] {
    const ring = [...this.#all.slice(this.#current), ...this.#all.slice(0, this.#current)];
    const now = this.#clock.now();
    const isAvoided = ({ failedAt }: Endpoint): boolean => now - failedAt < AVOIDED_MS;
    return [...ring.filter((one) => !isAvoided(one)), ...ring.filter(isAvoided)];
  }
}

function toEtcdError(
  failure: EtcdError["failure"],
  what: string,
  errors: ReadonlyMap<string, EndpointError>,
): EtcdError {
  const reasons = [...errors].map(([url, { message }]) => `${url} ${message}`);
  return new EtcdError(failure, `Cannot ${what}: ${reasons.join("; ")}`, {
    cause: [...errors.values()].at(-1),
  });
}
