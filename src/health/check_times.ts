/**
 * The shortest time between two checks, as a share of the period: servers that were added together
 * soon get out of step. It is never longer than the period, so that a failure is noticed within the
 * period.
 */
const SHORTEST_WAIT = 0.8;

/** The most servers that are checked at the same moment. */
const AT_ONCE_MAX = 100;

/**
 * Time over which the first checks of a few servers taken over from another balancer are spread, in
 * milliseconds: all balancers may notice at the same moment that a server is no longer checked.
 */
const TAKEOVER_MS = 500;

/** The longest delay before the first repetition of a check, in milliseconds. */
const REPEAT_MS = 500;

/** Schedules checks so that many servers are not checked at the same moment. */
export class CheckTimes {
  readonly #random: () => number;
  /** Number of servers taken over, and since when, in milliseconds. */
  #taken = { count: 0, since: -Infinity };

  /** @param random Source of random numbers from 0 up to 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /**
   * Delay of the first check of a server that is present at the start, in milliseconds. Many
   * servers are spread evenly over the time between two checks, as in HAProxy (`start_check_task`).
   *
   * @param i Index of the server.
   * @param count Number of servers.
   * @param period The server's period, in seconds.
   */
  first(i: number, count: number, period: number): number {
    return count > AT_ONCE_MAX ? averageWait(period) * i / count : 0;
  }

  /**
   * Delay of the first check of a server that is added, in milliseconds: 0 unless many checks are
   * in progress.
   *
   * @param running Number of checks in progress.
   * @param period The server's period, in seconds.
   */
  added(running: number, period: number): number {
    return running < AT_ONCE_MAX ? 0 : averageWait(period) * this.#random();
  }

  /**
   * Time between the beginnings of two checks, in milliseconds.
   *
   * @param period The server's period, in seconds.
   */
  between(period: number): number {
    return period * 1000 * (SHORTEST_WAIT + (1 - SHORTEST_WAIT) * this.#random());
  }

  /**
   * Delay before a doubtful check is repeated, in milliseconds: at most half a second the first
   * time, and twice as long each further time, up to the time between regular checks.
   *
   * @param count Number of repetitions so far.
   * @param period The server's period, in seconds.
   */
  repeat(count: number, period: number): number {
    return Math.min(averageWait(period), REPEAT_MS * 2 ** count) * (1 + this.#random()) / 2;
  }

  /**
   * Delay of the first check of a server taken over from another balancer, in milliseconds. If many
   * are taken over within a period, they are spread over the time between two checks.
   *
   * @param count Number of servers taken over at this moment.
   * @param period The server's period, in seconds.
   * @param now The time, in milliseconds.
   */
  takeover(count: number, period: number, now: number): number {
    const average = averageWait(period);
    if (now - this.#taken.since > average) this.#taken = { count: 0, since: now };
    const many = Math.max(count, ++this.#taken.count) > AT_ONCE_MAX;
    return (many ? average : Math.min(average, TAKEOVER_MS)) * this.#random();
  }
}

function averageWait(period: number): number {
  return period * 1000 * (SHORTEST_WAIT + 1) / 2;
}
