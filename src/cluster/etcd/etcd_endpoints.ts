import { getLogger } from "@logtape/logtape";
import type { Clock } from "../../runtime/clock.ts";
import { secondsText } from "../../model/seconds_text.ts";
import { EndpointError } from "./etcd_failure.ts";
import { EtcdError } from "./etcd_types.ts";

/** For how long an endpoint that did not answer is asked after the others, in milliseconds. */
const AVOIDED_MS = 5_000;
/** How old an answer may be for the endpoint to be asked what must not be asked twice, in milliseconds. */
const FRESH_MS = 1_000;
/**
 * How long an endpoint may take for a caller who has lost patience not to hold it against it, in
 * milliseconds.
 */
const PATIENCE_MS = 1_000;
/** How long an election is waited for, and how often it is looked whether it is over, in milliseconds. */
const ELECTION_MS = 3_000;
const ELECTION_STEP_MS = 100;

interface Endpoint {
  readonly url: string;
  answeredAt: number;
  failedAt: number;
  isDown: boolean;
}

/** Work for an endpoint that answers. */
export interface EndpointWork<T> {
  /** What is done, for messages: "Cannot …". */
  readonly what: string;
  /** Whether it does no harm where it is done twice. */
  readonly repeatable: boolean;
  /** Calls it off. */
  readonly signal: AbortSignal | undefined;
  /** Does it at one endpoint. */
  at(endpoint: string): Promise<T>;
}

/** The endpoints of etcd: who is asked, and who next when that one does not answer. */
export class EtcdEndpoints {
  readonly #all: readonly Endpoint[];
  readonly #greet: (endpoint: string, signal: AbortSignal | undefined) => Promise<void>;
  readonly #clock: Clock;
  readonly #logger = getLogger(["ballast", "etcd"]);
  #current = 0;

  /**
   * @param urls Where the endpoints are; at least one.
   * @param greet Asks one whether it is there.
   * @param clock Says how long ago an endpoint has answered.
   */
  constructor(
    urls: readonly string[],
    greet: (endpoint: string, signal: AbortSignal | undefined) => Promise<void>,
    clock: Clock,
  ) {
    this.#all = urls.map((url) => (
      { url, answeredAt: -Infinity, failedAt: -Infinity, isDown: false }
    ));
    this.#greet = greet;
    this.#clock = clock;
  }

  /** Who answered last; undefined if nobody has yet. */
  get current(): string | undefined {
    const { url, answeredAt } = this.#all[this.#current]!;
    return answeredAt === -Infinity ? undefined : url;
  }

  /**
   * Does work at an endpoint that answers. Where one did nothing, or doing it twice does no harm, the
   * next one is asked; where none has a leader, an election is waited for.
   *
   * @throws {EtcdError} With what each endpoint did.
   */
  async run<T>(work: EndpointWork<T>): Promise<T> {
    const end = this.#clock.now() + ELECTION_MS;
    for (;;) {
      const errors = new Map<string, EndpointError>();
      for (const endpoint of this.#inOrder()) {
        try {
          return await this.#runAt(endpoint, work);
        } catch (error) {
          if (!(error instanceof EndpointError)) throw error;
          errors.set(endpoint.url, error);
          const { failure } = error;
          if (failure === "unreachable" || (failure === "unknown" && work.repeatable)) continue;
          throw toEtcdError(failure, work.what, errors);
        }
      }
      const isElecting = [...errors.values()].some(({ remedy }) => remedy === "wait");
      if (!isElecting || this.#clock.now() >= end) {
        throw toEtcdError("unreachable", work.what, errors);
      }
      await this.#pause(work.signal);
    }
  }

  /** Says that an endpoint broke off what it had begun. */
  fail(url: string, why: string): void {
    const endpoint = this.#all.find((endpoint) => endpoint.url === url)!;
    endpoint.failedAt = this.#clock.now();
    if (endpoint.isDown) return;
    endpoint.isDown = true;
    this.#logger.warn("etcd: {url} {why}", { url, why });
  }

  async #runAt<T>(endpoint: Endpoint, work: EndpointWork<T>): Promise<T> {
    const begin = this.#clock.now();
    try {
      // A dead host is found out by what may be asked twice.
      if (!work.repeatable && this.#clock.now() - endpoint.answeredAt > FRESH_MS) {
        await this.#greet(endpoint.url, work.signal);
      }
      const result = await work.at(endpoint.url);
      this.#answered(endpoint);
      return result;
    } catch (error) {
      if (!(error instanceof EndpointError)) {
        // Called off: who gives an endpoint less time than this client would come to another too.
        const waited = this.#clock.now() - begin;
        if (waited >= PATIENCE_MS) {
          this.fail(endpoint.url, `has not answered for ${secondsText(waited / 1000)}`);
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
    this.#logger.info("etcd: {url} answers again", { url: endpoint.url });
  }

  /** Who answered last comes first, and who has just failed comes last. */
  #inOrder(): Endpoint[] {
    const ring = [...this.#all.slice(this.#current), ...this.#all.slice(0, this.#current)];
    const now = this.#clock.now();
    const isAvoided = ({ failedAt }: Endpoint): boolean => now - failedAt < AVOIDED_MS;
    return [...ring.filter((one) => !isAvoided(one)), ...ring.filter(isAvoided)];
  }

  async #pause(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#clock.after(ELECTION_STEP_MS, resolve);
    const release = this.#clock.hold();
    signal?.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    release();
    cancel();
    signal?.throwIfAborted();
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
