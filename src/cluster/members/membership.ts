import { getLogger } from "@logtape/logtape";
import type { Clock } from "../../runtime/clock.ts";
import { secondsText } from "../../model/seconds_text.ts";
import { backoff } from "../../runtime/backoff.ts";
import { type Etcd, EtcdError, type EtcdWrite } from "../etcd/etcd_types.ts";
import { pause, within } from "../../runtime/wait.ts";

const logger = getLogger(["ballast", "fleet"]);

/** How often a lease is kept while it holds once. */
const SIGNS_IN_LEASE = 3;
/** For how long news are collected at least, in milliseconds. */
const COLLECTING_MS = 100;
/** How much longer for each kilobyte of the last news, so that large ones do not fill the line. */
const COLLECTING_MS_PER_KILOBYTE = 1;
/** How long the end may take, in milliseconds; then the lease ends by itself. */
const LEAVING_MS = 2000;

/** A key that a balancer writes. */
export interface Page {
  /** The key. */
  readonly put: string;
  /** Its value. */
  readonly value: string;
}

/**
 * What part of it is told: `all`, as nothing is there any more; the `sign` that the balancer is there,
 * which is due, with what is new; or only the `news`.
 */
export type StatusPart = "all" | "sign" | "news";

/** What a balancer tells the others. */
export interface StatusSource {
  /** What is to be written now; perhaps nothing. */
  pages(chapter: StatusPart): readonly Page[];
  /** Called when that was written, or when it is not known whether it was. */
  told(isTold: boolean): void;
}

/** What a {@linkcode Membership} works with. */
export interface MembershipParts {
  /** Where it is told. */
  readonly etcd: Etcd;
  /** What is told. */
  readonly story: StatusSource;
  /** For how long it holds after the last sign, in seconds. */
  readonly lease: number;
  /** The time and the timers. */
  readonly clock: Clock;
  /** A number from 0 up to, but without, 1. */
  readonly random: () => number;
}

/**
 * What keeps a balancer among the others: a lease that is kept, and keys that hang on it. Whatever
 * becomes of the balancer, its keys are gone once the lease is over. A lease that was lost is taken
 * anew, with all the keys.
 */
export class Membership {
  readonly #parts: MembershipParts;
  #lease: string | undefined;
  #isComplete = false;
  #hasNews = false;
  #lastSize = 0;
  #refusal: EtcdError | undefined;
  #wake: () => void = () => {};

  /** @param parts What to work with. */
  constructor(parts: MembershipParts) {
    this.#parts = parts;
  }

  /** Why etcd, which can be reached, has not taken what was last told; undefined if it has. */
  get refusal(): EtcdError | undefined {
    return this.#refusal;
  }

  /** There is something to tell before the next sign is due. */
  tell(): void {
    this.#hasNews = true;
    this.#wake();
  }

  /** What was told is gone, though the balancer is still there: somebody has deleted it. */
  repeat(): void {
    if (!this.#isComplete) return;
    this.#isComplete = false;
    this.tell();
  }

  /** Keeps the balancer among the others until the signal says to end. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, lease } = this.#parts;
    const period = lease * 1000 / SIGNS_IN_LEASE;
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.#sign(signal);
        if (failures > 1) logger.info("The other balancers are told of this one again");
        failures = 0;
        await this.#tellNews(clock.now() + period, signal);
      } catch (error) {
        if (signal.aborted) break;
        failures++;
        this.#fail(error, failures);
        // Another lease can be had at once.
        await pause(clock, backoff(isLeaseOver(error) ? 1 : failures, random()), signal);
      }
    }
    await this.#leave();
  }

  /** Tells that the balancer is there, and everything that is new. */
  async #sign(signal: AbortSignal): Promise<void> {
    const { etcd, lease } = this.#parts;
    if (this.#lease === undefined) {
      this.#isComplete = false;
      this.#lease = await this.#limited(signal, (limit) => etcd.grant(lease, limit));
    }
    const id = this.#lease;
    const results = await Promise.allSettled([
      this.#limited(signal, (limit) => etcd.keepAlive(id, limit)),
      this.#write("sign", signal),
    ]);
    const errors = results.flatMap((result) => result.status === "rejected" ? [result.reason] : []);
    if (errors.length > 0) throw errors.find(isLeaseOver) ?? errors[0];
  }

  /** Tells what is new until the next sign is due. */
  async #tellNews(end: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    for (let left = end - clock.now(); left > 0 && !signal.aborted; left = end - clock.now()) {
      if (!this.#hasNews) {
        await this.#rest(left, signal);
        continue;
      }
      const collecting = COLLECTING_MS + COLLECTING_MS_PER_KILOBYTE * this.#lastSize / 1024;
      await pause(clock, Math.min(left, collecting), signal);
      if (!signal.aborted) await this.#write("news", signal);
    }
  }

  async #rest(milliseconds: number, signal: AbortSignal): Promise<void> {
    const wake = new AbortController();
    this.#wake = () => wake.abort();
    await pause(this.#parts.clock, milliseconds, AbortSignal.any([signal, wake.signal]));
    this.#wake = () => {};
  }

  async #write(chapter: "sign" | "news", signal: AbortSignal): Promise<void> {
    const { etcd, story } = this.#parts;
    const lease = this.#lease!;
    // What is new from now on is not in it.
    this.#hasNews = false;
    const pages = story.pages(this.#isComplete ? chapter : "all");
    this.#isComplete = true;
    if (pages.length === 0) return;
    const writes: EtcdWrite[] = pages.map((page) => ({ ...page, lease }));
    try {
      await this.#limited(signal, (limit) => etcd.transact({ when: [], writes }, limit));
    } catch (error) {
      this.#isComplete = false;
      story.told(false);
      throw error;
    }
    this.#lastSize = pages.reduce((sum, { value }) => sum + value.length, 0);
    this.#refusal = undefined;
    story.told(true);
  }

  #fail(error: unknown, failures: number): void {
    if (isLeaseOver(error)) this.#lease = undefined;
    this.#refusal = isRefusal(error) ? error : undefined;
    if (!(error instanceof EtcdError)) logger.error("Unexpected: {error}", { error });
    // Once; that etcd is away, others tell too.
    else if (failures === 2) {
      logger.warn("The other balancers cannot be told of this one: {why}", { why: error.message });
    }
  }

  async #leave(): Promise<void> {
    const lease = this.#lease;
    if (lease === undefined) return;
    const { etcd } = this.#parts;
    try {
      const never = new AbortController().signal;
      await this.#limited(never, (limit) => etcd.revoke(lease, limit), LEAVING_MS);
    } catch (error) {
      logger.debug("The lease ends by itself: {error}", { error });
    }
  }

  /** No call may take so long that the lease is over meanwhile. */
  #limited<T>(
    signal: AbortSignal,
    call: (limit: AbortSignal) => Promise<T>,
    milliseconds = this.#parts.lease * 1000 / SIGNS_IN_LEASE,
  ): Promise<T> {
    const limit = secondsText(milliseconds / 1000);
    const late = () => new EtcdError("unknown", `etcd has not answered within ${limit}`);
    return within({ clock: this.#parts.clock, milliseconds, signal, late }, call);
  }
}

/** Whether trying again will not help by itself. */
function isRefusal(error: unknown): error is EtcdError {
  return error instanceof EtcdError && ["no_space", "denied", "refused"].includes(error.failure);
}

function isLeaseOver(error: unknown): boolean {
  return error instanceof EtcdError && error.failure === "no_lease";
}
