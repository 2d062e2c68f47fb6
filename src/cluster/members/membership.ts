import { getLogger } from "@logtape/logtape";
import { secondsText } from "../../model/seconds_text.ts";
import { backoff, pause, withTimeout } from "../../runtime/time.ts";
import { EtcdError, type EtcdWrite } from "../etcd/etcd_types.ts";
import type { EtcdContext } from "../store/connectivity.ts";
import type { StatusPublisher } from "./status_publisher.ts";

const logger = getLogger(["ballast", "fleet"]);

/** Heartbeats per lease. */
const HEARTBEATS_PER_LEASE = 3;
/** How long changes are collected at least, in milliseconds. */
const COLLECTING_MS = 100;
/** How much longer for each kilobyte of the last delta, so that large ones do not fill the line. */
const COLLECTING_MS_PER_KILOBYTE = 1;
/** Time limit for leaving, in milliseconds; after that the lease expires. */
const LEAVING_MS = 2000;

/**
 * Keeps a balancer in the cluster: renews a lease, and publishes keys attached to it. Whatever happens
 * to the balancer, its keys disappear when the lease expires. A lost lease is replaced by a new one
 * with all keys.
 */
export class Membership {
  readonly #context: Omit<EtcdContext, "connectivity">;
  readonly #publisher: Pick<StatusPublisher, "update" | "published">;
  readonly #leaseSeconds: number;
  #lease: string | undefined;
  #isComplete = false;
  #hasDelta = false;
  #lastSize = 0;
  #refusal: EtcdError | undefined;
  #wake: () => void = () => {};

  /**
   * @param context The etcd client and the clock.
   * @param publisher The balancer's status.
   * @param lease Time to live of the lease, in seconds.
   */
  constructor(
    context: Omit<EtcdContext, "connectivity">,
    publisher: Pick<StatusPublisher, "update" | "published">,
    lease: number,
  ) {
    this.#context = context;
    this.#publisher = publisher;
    this.#leaseSeconds = lease;
  }

  /** Why etcd, although reachable, rejected the last write; undefined if it did not. */
  get refusal(): EtcdError | undefined {
    return this.#refusal;
  }

  /** Publishes a delta before the next heartbeat. */
  notify(): void {
    this.#hasDelta = true;
    this.#wake();
  }

  /** Publishes everything again because the keys were deleted by someone else. */
  republish(): void {
    if (!this.#isComplete) return;
    this.#isComplete = false;
    this.notify();
  }

  /** Keeps the balancer in the cluster until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#context;
    const period = this.#leaseSeconds * 1000 / HEARTBEATS_PER_LEASE;
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.#sendHeartbeat(signal);
        if (failures > 1) logger.info("Rejoined the cluster");
        failures = 0;
        await this.#sendDeltas(clock.now() + period, signal);
      } catch (error) {
        if (signal.aborted) break;
        failures++;
        this.#fail(error, failures);
        // A new lease can be requested at once.
        await pause(clock, backoff(isLeaseExpired(error) ? 1 : failures, random()), signal);
      }
    }
    await this.#leave();
  }

  /** Renews the lease, and publishes a heartbeat. */
  async #sendHeartbeat(signal: AbortSignal): Promise<void> {
    const { etcd } = this.#context;
    if (this.#lease === undefined) {
      this.#isComplete = false;
      const grant = (limit: AbortSignal) => etcd.grant(this.#leaseSeconds, limit);
      this.#lease = await this.#limited(signal, grant);
    }
    const lease = this.#lease;
    const results = await Promise.allSettled([
      this.#limited(signal, (limit) => etcd.keepAlive(lease, limit)),
      this.#publish("heartbeat", signal),
    ]);
    const errors = results.flatMap((result) => result.status === "rejected" ? [result.reason] : []);
    if (errors.length > 0) throw errors.find(isLeaseExpired) ?? errors[0];
  }

  /** Publishes deltas until the next heartbeat is due. */
  async #sendDeltas(end: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    for (let left = end - clock.now(); left > 0 && !signal.aborted; left = end - clock.now()) {
      if (!this.#hasDelta) {
        await this.#rest(left, signal);
        continue;
      }
      const collecting = COLLECTING_MS + COLLECTING_MS_PER_KILOBYTE * this.#lastSize / 1024;
      await pause(clock, Math.min(left, collecting), signal);
      if (!signal.aborted) await this.#publish("delta", signal);
    }
  }

  async #rest(milliseconds: number, signal: AbortSignal): Promise<void> {
    const wake = new AbortController();
    this.#wake = () => wake.abort();
    await pause(this.#context.clock, milliseconds, AbortSignal.any([signal, wake.signal]));
    this.#wake = () => {};
  }

  async #publish(kind: "heartbeat" | "delta", signal: AbortSignal): Promise<void> {
    const { etcd } = this.#context;
    const lease = this.#lease!;
    // Later changes are not part of this update.
    this.#hasDelta = false;
    const puts = this.#publisher.update(this.#isComplete ? kind : "full");
    this.#isComplete = true;
    if (puts.length === 0) return;
    const writes: EtcdWrite[] = puts.map((put) => ({ ...put, lease }));
    try {
      await this.#limited(signal, (limit) => etcd.transact({ when: [], writes }, limit));
    } catch (error) {
      this.#isComplete = false;
      this.#publisher.published(false);
      throw error;
    }
    this.#lastSize = puts.reduce((sum, { value }) => sum + value.length, 0);
    this.#refusal = undefined;
    this.#publisher.published(true);
  }

  #fail(error: unknown, failures: number): void {
    if (isLeaseExpired(error)) this.#lease = undefined;
    this.#refusal = isRefusal(error) ? error : undefined;
    if (!(error instanceof EtcdError)) {
      logger.error("Unexpected error while publishing the status: {error}", { error });
    } // Logged once; lost connectivity is logged elsewhere too.
    else if (failures === 2) {
      logger.warn("Cannot publish this balancer's status to the cluster: {why}", {
        why: error.message,
      });
    }
  }

  async #leave(): Promise<void> {
    const lease = this.#lease;
    if (lease === undefined) return;
    try {
      const revoke = (limit: AbortSignal) => this.#context.etcd.revoke(lease, limit);
      await this.#limited(undefined, revoke, LEAVING_MS);
    } catch (error) {
      logger.debug("Cannot revoke the lease, it will expire: {error}", { error });
    }
  }

  /** Limits a call so that the lease does not expire meanwhile. */
  #limited<T>(
    signal: AbortSignal | undefined,
    call: (limit: AbortSignal) => Promise<T>,
    milliseconds = this.#leaseSeconds * 1000 / HEARTBEATS_PER_LEASE,
  ): Promise<T> {
    const limit = secondsText(milliseconds / 1000);
    const error = () => new EtcdError("unknown", `etcd did not answer within ${limit}`);
    return withTimeout({ clock: this.#context.clock, milliseconds, signal, error }, call);
  }
}

/** Whether a retry will not help by itself. */
function isRefusal(error: unknown): error is EtcdError {
  return error instanceof EtcdError && ["no_space", "denied", "refused"].includes(error.failure);
}

function isLeaseExpired(error: unknown): boolean {
  return error instanceof EtcdError && error.failure === "no_lease";
}
