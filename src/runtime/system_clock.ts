import type { Clock } from "./clock.ts";

/** The longest duration of the platform's timers: 2³¹ − 1 milliseconds, about 25 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The system's clock and timers. */
export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  after(milliseconds: number, callback: () => void): () => void {
    let timer: ReturnType<typeof setTimeout>;
    // A period may be up to 2³² − 1 seconds, and a timer beyond the limit would fire at once.
    function wait(left: number): void {
      if (left <= LONGEST_TIMER_MS) timer = setTimeout(callback, left);
      else timer = setTimeout(() => wait(left - LONGEST_TIMER_MS), LONGEST_TIMER_MS);
      unref(timer);
    }
    wait(milliseconds);
    return () => clearTimeout(timer);
  },
  hold(): () => void {
    const timer = setInterval(() => {}, LONGEST_TIMER_MS);
    return () => clearInterval(timer);
  },
};

/** Lets the process end while a timer runs. Before Deno 2.9, timers are numbers and keep it alive. */
function unref(timer: { unref?(): unknown }): void {
  timer.unref?.();
}
