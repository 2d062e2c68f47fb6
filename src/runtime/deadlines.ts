import type { Clock } from "./clock.ts";

/** How often deadlines are looked at, in milliseconds. */
const TICK_MS = 100;
/**
 * How much time one tick counts for at most, in milliseconds. A process that was stopped, or whose
 * event loop was held up, has read nothing meanwhile: nobody else was late.
 */
const STEP_MAX_MS = 1000;

/** Something that has to be over by a certain time. It can wait in one queue at a time. */
export abstract class Deadline {
  /** When it falls due, in the clock's milliseconds. Belongs to the queue that it waits in. */
  at = 0;
  /** The queue that it waits in. Belongs to that queue. */
  queue: DeadlineQueue | undefined;
  /** Its neighbours in the queue. They belong to the queue. */
  before: Deadline | undefined;
  /** See {@linkcode Deadline.before}. */
  behind: Deadline | undefined;

  /** What happens when it falls due. */
  abstract onDue(): void;

  /** Calls the deadline off. Harmless where it is in no queue. */
  disarm(): void {
    this.queue?.remove(this);
  }
}

/** A deadline that calls a function when it falls due. */
export class Timer extends Deadline {
  readonly #callback: () => void;

  /** @param callback What to call. */
  constructor(callback: () => void) {
    super();
    this.#callback = callback;
  }

  /** Calls the function. */
  override onDue(): void {
    this.#callback();
  }
}

/** Deadlines that all have the same length, and so fall due in the order in which they began. */
export interface DeadlineQueue {
  /** How long each of them has, in milliseconds. */
  readonly milliseconds: number;
  /**
   * The time of the last tick, in the clock's milliseconds less those for which the process stood
   * still: at most a tick old while any deadline waits. Asking the clock itself costs a call into
   * the runtime.
   */
  readonly now: number;
  /** Lets a deadline begin now, anew where it has begun already. */
  add(deadline: Deadline): void;
  /** Takes a deadline out of the queue. */
  remove(deadline: Deadline): void;
}

/**
 * Any number of deadlines on one coarse timer. A timer of its own for each request would cost more
 * than the request's JavaScript; here a deadline that is met costs a link and an unlink.
 *
 * The timer runs only while there are deadlines. They fire up to 200 ms late, never early. Of a time
 * in which the process stood still, a second counts.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #queues = new Map<number, Queue>();
  readonly #tickTime = { now: 0 };
  #cancelTick: (() => void) | undefined;
  /** For how long the process stood still, in milliseconds. */
  #skipped = 0;

  /** @param clock The time and the one timer. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The queue for deadlines of this length. */
  queue(milliseconds: number): DeadlineQueue {
    let queue = this.#queues.get(milliseconds);
    if (queue === undefined) {
      queue = new Queue(milliseconds, this.#tickTime, () => this.#start());
      this.#queues.set(milliseconds, queue);
    }
    return queue;
  }

  /** Calls every deadline off and stops the timer. */
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

/** A list through the deadlines themselves: adding and removing cost no memory. */
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
    // Only the first of a queue can find the timer stopped.
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
