import type { Clock } from "../runtime/clock.ts";
import type { Entry, Registry } from "../state/registry.ts";
import type { StateTable } from "../state/state_table.ts";

/** How often the share of a server grows, in milliseconds. */
const STEP_MS = 1000;

/** What a {@linkcode SlowStart} works with. */
export interface SlowStartOptions {
  /** The servers. */
  readonly registry: Registry;
  /** Where their shares are written. */
  readonly table: StateTable;
  /** The time and the timers. */
  readonly clock: Clock;
  /** How long it takes until a server has all of its weight, in seconds; 0 is at once. */
  readonly duration: number;
}

/**
 * Gives a server that comes back its weight little by little, so that it can fill its caches and
 * open its connections first (HAProxy's `slowstart`).
 */
export class SlowStart implements Disposable {
  readonly #options: SlowStartOptions;
  readonly #ramps = new Map<number, () => void>();
  readonly #unsubscribe: () => void;
  #disposed = false;

  /** @param options What to work with. */
  constructor(options: SlowStartOptions) {
    this.#options = options;
    this.#unsubscribe = options.registry.subscribe((event) => {
      if (event.type === "removed") this.#end(event.entry.slot);
    });
  }

  /** A server is back: its share grows from now on. */
  begin({ slot }: Entry): void {
    const { clock, duration } = this.#options;
    this.#end(slot);
    if (duration > 0 && !this.#disposed) this.#step(slot, clock.now());
  }

  /** Leaves the shares as they are. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#unsubscribe();
    for (const slot of [...this.#ramps.keys()]) this.#end(slot);
  }

  #step(slot: number, since: number): void {
    const { table, clock, duration } = this.#options;
    // At the end of a step it has what the step is for: it never starts with nothing.
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
