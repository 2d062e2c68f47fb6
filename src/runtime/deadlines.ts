import type { Clock } from "./clock.ts";

/** How often deadlines are checked, in milliseconds. */
const TICK_MS = 100;
/**
 * The most time that one tick may count, in milliseconds. A suspended process, or one with a blocked
 * event loop, has read nothing meanwhile: its peers were not late.
 */
const STEP_MAX_MS = 1000;

/** A deadline. It can be in one queue at a time. */
export abstract class Deadline {
  /** When it expires, in the clock's milliseconds. Managed by its queue. */
  at = 0;
  /** The queue that it is in. Managed by that queue. */
  queue: DeadlineQueue | undefined;
  /** Its predecessor in the queue. Managed by the queue. */
  before: Deadline | undefined;
  /** Its successor in the queue. Managed by the queue. */
  behind: Deadline | undefined;

  /** Called when it expires. */
  abstract onDue(): void;

  /** Cancels the deadline. Harmless if it is in no queue. */
  disarm(): void {
    this.queue?.remove(this);
  }
}

/** A deadline that calls a function when it expires. */
export class Timer extends Deadline {
  readonly #callback: () => void;

  /** @param callback The function. */
  constructor(callback: () => void) {
    super();
    this.#callback = callback;
  }

  /** Calls the function. */
  override onDue(): void {
    this.#callback();
  }
}

/** Deadlines of the same duration, which expire in the order in which they were added. */
export interface DeadlineQueue {
  /** Their duration in milliseconds. */
  readonly milliseconds: number;
  /**
   * The time of the last tick, in the clock's milliseconds without those for which the process was
   * suspended: at most a tick old while there are deadlines. Reading the clock costs a call into the
   * runtime.
   */
  readonly now: number;
  /** Starts a deadline, anew if it has been started already. */
  add(deadline: Deadline): void;
  /** Removes a deadline from the queue. */
  remove(deadline: Deadline): void;
}

/**
 * Any number of deadlines on one coarse timer. A timer per request would cost more than the request's
 * JavaScript; here a deadline that is met costs a link and an unlink.
 *
 * The timer runs only while there are deadlines. They fire up to 200 ms late, never early. Of the time
 * for which the process was suspended, one second counts.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #queues = new Map<number, Queue>();
  readonly #tickTime = { now: 0 };
  #cancelTick: (() => void) | undefined;
  /** How long the process was suspended, in milliseconds. */
  #skipped = 0;

  /** @param clock The clock for the timer. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The queue for deadlines of a duration. */
  queue(milliseconds: number): DeadlineQueue {
    let queue = this.#queues.get(milliseconds);
    if (queue === undefined) {
      queue = new Queue(milliseconds, this.#tickTime, () => this.#start());
      this.#queues.set(milliseconds, queue);
    }
    return queue;
  }

  /** Cancels every deadline and stops the timer. */
  clear(): void {
    for (const queue of this.#queues.values()) queue.clear();
    this.#cancelTick?.();
    this.#cancelTick = undefined;
  }

  #start(): void {
    if (this.#cancelTick !== undefined) return;
    this.#tickTime.now = this.#clock.now() - this.#skipped;
    this.#cancelTick = this.#clock.after(TICK_MS, () => this.#tick());
  }

  #tick(): void {
    this.#cancelTick = undefined;
    const elapsed = this.#clock.now() - this.#skipped - this.#tickTime.now;
    if (elapsed > STEP_MAX_MS) this.#skipped += elapsed - STEP_MAX_MS;
    const now = this.#tickTime.now += Math.min(elapsed, STEP_MAX_MS);
    let waiting = false;
    for (const queue of this.#queues.values()) {
      queue.fire(now);
      waiting ||= queue.first !== undefined;
    }
    if (waiting) this.#start();
  }
}

/** A list linked through the deadlines themselves, so that adding and removing allocate nothing. */
class Queue implements DeadlineQueue {
  readonly milliseconds: number;
  readonly #tickTime: { readonly now: number };
  readonly #onAdd: () => void;
  first: Deadline | undefined;
  #last: Deadline | undefined;

  constructor(milliseconds: number, tickTime: { readonly now: number }, onAdd: () => void) {
    this.milliseconds = milliseconds;
    this.#tickTime = tickTime;
    this.#onAdd = onAdd;
  }

  get now(): number {
    return this.#tickTime.now;
  }

  add(deadline: Deadline): void {
    deadline.disarm();
    // The timer can be stopped only if the queue is empty.
    if (this.first === undefined) {
      this.#onAdd();
      this.first = deadline;
    } else {
      deadline.before = this.#last;
      this.#last!.behind = deadline;
    }
    this.#last = deadline;
    deadline.queue = this;
    // The last tick may be almost a tick ago.
    deadline.at = this.#tickTime.now + this.milliseconds + TICK_MS;
  }

  remove(deadline: Deadline): void {
    const { before, behind } = deadline;
    if (before === undefined) this.first = behind;
    else before.behind = behind;
    if (behind === undefined) this.#last = before;
    else behind.before = before;
    deadline.before = deadline.behind = deadline.queue = undefined;
  }

  fire(now: number): void {
    while (this.first !== undefined && this.first.at <= now) {
      const deadline = this.first;
      this.remove(deadline);
      deadline.onDue();
    }
  }

  clear(): void {
    while (this.first !== undefined) this.remove(this.first);
  }
}
