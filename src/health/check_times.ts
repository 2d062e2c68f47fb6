/**
 * A wait between two checks is between this share of the period and the whole period, so that
 * servers which were added together are soon not checked together; it is never longer, so that a
 * failure is seen within the period.
 */
const SHORTEST_WAIT = 0.8;

/** How many servers may be checked in the same moment. */
const AT_ONCE_MAX = 100;

/**
 * Within how many milliseconds a few servers are checked that another balancer has checked so far.
 * Every balancer may learn in the same moment that nobody does any more.
 */
const TAKEOVER_MS = 500;

/** How long it takes at most until a check is repeated at once, in milliseconds. */
const REPEAT_MS = 500;

/** When servers are checked, so that many of them are not checked in one instant. */
export class CheckTimes {
  readonly #random: () => number;
  /** How many servers were taken over since when, in milliseconds. */
  #taken = { count: 0, since: -Infinity };

  /** @param random A number from 0 up to 1 that spreads the checks. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /**
   * How long the first check of a server waits that is there at the start, in milliseconds. Where
   * they are many, it is spread evenly over the time between two checks, as HAProxy has it
   * (`start_check_task`).
   *
   * @param i Its place among them, from 0.
   * @param count How many there are.
   * @param period The server's period, in seconds.
   */
  first(i: number, count: number, period: number): number {
    return count > AT_ONCE_MAX ? averageWait(period) * i / count : 0;
  }

  /**
   * How long the first check of a server waits that is added to others, in milliseconds: not at all,
   * unless so many checks are under way that it is one of many.
   *
   * @param underWay How many checks are under way.
   * @param period The server's period, in seconds.
   */
  added(underWay: number, period: number): number {
    return underWay < AT_ONCE_MAX ? 0 : averageWait(period) * this.#random();
  }

  /**
   * How long there is between the begin of one check and the next one, in milliseconds.
   *
   * @param period The server's period, in seconds.
   */
  between(period: number): number {
    return period * 1000 * (SHORTEST_WAIT + (1 - SHORTEST_WAIT) * this.#random());
  }

  /**
   * How long it takes until a check is repeated that is not believed, in milliseconds: at most half a
   * second, and twice that each further time, up to what is between any two checks.
   *
   * @param count How often it was repeated already.
   * @param period The server's period, in seconds.
   */
  repeat(count: number, period: number): number {
    return Math.min(averageWait(period), REPEAT_MS * 2 ** count) * (1 + this.#random()) / 2;
  }

  /**
   * How long the first check of a server waits that another balancer has checked so far, in
   * milliseconds. Where many are taken over within a period, it is spread over the time between two
   * checks.
   *
   * @param count How many servers are taken over in this moment.
   * @param period The server's period, in seconds.
   * @param now When that is, in milliseconds.
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
