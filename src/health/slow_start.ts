import type { Clock } from "../runtime/clock.ts";
import type { Entry, Registry } from "../state/registry.ts";
import type { StateTable } from "../state/state_table.ts";

/** Interval at which the share of a server grows, in milliseconds. */
const STEP_MS = 1000;

/** Options of a {@linkcode SlowStart}. */
export interface SlowStartOptions {
  /** The servers. */
  readonly registry: Registry;
  /** State table, which holds their shares. */
  readonly table: StateTable;
  /** Clock and timers. */
  readonly clock: Clock;
  /** Time until a server has its full weight, in seconds; 0 for at once. */
  readonly duration: number;
}

/**
 * Slow start (HAProxy's `slowstart`): a server that returns gets its weight gradually, so that it
 * can fill its caches and open its connections.
 */
export class SlowStart implements Disposable {
  readonly #options: SlowStartOptions;
  readonly #ramps = new Map<number, () => void>();
  readonly #unsubscribe: () => void;
  #disposed = false;

  /** @param options The options. */
  constructor(options: SlowStartOptions) {
    this.#options = options;
    this.#unsubscribe = options.registry.subscribe((event) => {
      if (event.type === "removed") this.#end(event.entry.slot);
    });
  }

  /** Begins the slow start of a server. */
  begin({ slot }: Entry): void {
    const { clock, duration } = this.#options;
    this.#end(slot);
    if (duration > 0 && !this.#disposed) this.#step(slot, clock.now());
  }

  /** Stops; the shares stay as they are. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#unsubscribe();
    for (const slot of [...this.#ramps.keys()]) this.#end(slot);
  }

  #step(slot: number, since: number): void {
    const { table, clock, duration } = this.#options;
    // The share at the end of the step, so that it never starts at 0.
    const share = (clock.now() - since + STEP_MS) / (duration * 1000);
    table.setShare(slot, Math.min(1, share));
    if (share >= 1) this.#ramps.delete(slot);
    else this.#ramps.set(slot, clock.after(STEP_MS, () => this.#step(slot, since)));
  }

  #end(slot: number): void {
    this.#ramps.get(slot)?.();
    this.#ramps.delete(slot);
  }
}
