import type { Contestant } from "./contestants.ts";
import { findThinkTime } from "./half_load.ts";
import type { Mode } from "./modes.ts";
import { printError, printLine } from "./output.ts";
import type { Processes } from "./processes.ts";
import { type Scenario, SMALL_GET } from "./scenarios.ts";
import { median } from "./statistics.ts";
import { type LoadOptions, type LoadResult, runWrk } from "./wrk.ts";

/** How long a peer is put under load before it is measured, in seconds; wrk's shortest. */
const WARM_UP = 1;
/** The same for the very first time, when a just-in-time compiler has everything to do. */
const FIRST_WARM_UP = 3;

/** One measurement. */
export interface Sample extends LoadResult {
  /** The processor time that the proxy used, in seconds; NaN without a proxy. */
  readonly cpuSeconds: number;
  /** How much of one core that is; more than 1 for several threads. */
  readonly cpuShare: number;
}

/** A scenario and what each contestant did in it. */
export interface ScenarioResult {
  /** The measurements. */
  readonly scenario: Scenario;
  /** By contestant's name: one sample a round, undefined for a round that failed. */
  readonly samples: ReadonlyMap<string, readonly (Sample | undefined)[]>;
}

/** How to measure. */
export interface MeterOptions {
  /** Where wrk runs. */
  readonly mode: Mode;
  /** How many rounds. */
  readonly rounds: number;
  /** Length of one measurement, in seconds. */
  readonly duration: number;
}

/** Measures contestants in turn; all but one are paused at any time. */
export class Meter {
  readonly #processes: Processes;
  readonly #contestants: readonly Contestant[];
  readonly #options: MeterOptions;
  /** The most requests a second by contestant's name, for the half load. */
  readonly #peaks = new Map<string, number>();

  /**
   * @param processes Stops everything if the benchmark is stopped.
   * @param contestants The contestants, all paused.
   * @param options How to measure.
   */
  constructor(
    processes: Processes,
    contestants: readonly Contestant[],
    options: MeterOptions,
  ) {
    this.#processes = processes;
    this.#contestants = contestants;
    this.#options = options;
  }

  /** How long a scenario takes, in seconds. */
  get secondsPerScenario(): number {
    const { rounds, duration } = this.#options;
    return this.#contestants.length * rounds * (duration + WARM_UP);
  }

  /** Gives every contestant load for the first time. */
  async warmUp(): Promise<void> {
    for (const contestant of this.#contestants) {
      await this.#whileRunning(contestant, () => this.#load(contestant, SMALL_GET, FIRST_WARM_UP));
    }
  }

  /** Measures every contestant in every round. */
  async measure(scenario: Scenario): Promise<ScenarioResult> {
    const samples = new Map(
      this.#contestants.map(({ name }) => [name, [] as (Sample | undefined)[]]),
    );
    if (scenario.halfLoad) await this.#findPeaks();
    for (let round = 0; round < this.#options.rounds; round++) {
      printLine(`  round ${round + 1} of ${this.#options.rounds}`);
      for (const contestant of rotated(this.#contestants, round)) {
        const sample = await this.#whileRunning(
          contestant,
          () => this.#sample(contestant, scenario),
        );
        samples.get(contestant.name)!.push(sample);
      }
    }
    if (scenario === SMALL_GET) {
      for (const [name, values] of samples) {
        const measured = values.filter((sample) => sample !== undefined);
        if (measured.length === 0) continue;
        this.#peaks.set(name, median(measured.map((sample) => sample.requestsPerSecond)));
      }
    }
    return { scenario, samples };
  }

  /** Measures the maximum of those contestants for which it is not known yet. */
  async #findPeaks(): Promise<void> {
    for (const contestant of this.#contestants) {
      if (this.#peaks.has(contestant.name)) continue;
      const result = await this.#whileRunning(
        contestant,
        () => this.#load(contestant, SMALL_GET, this.#options.duration),
      );
      if (result !== undefined) this.#peaks.set(contestant.name, result.requestsPerSecond);
    }
  }

  async #sample(contestant: Contestant, scenario: Scenario): Promise<Sample> {
    const { mode, duration } = this.#options;
    const load: LoadOptions = { port: contestant.port, scenario, duration: WARM_UP };
    let thinkTime = 0;
    if (scenario.halfLoad) {
      const peak = this.#peaks.get(contestant.name);
      if (peak === undefined) throw new Error("its maximum could not be measured");
      thinkTime = await findThinkTime(this.#processes, mode, { ...load, peak });
    } else {
      await runWrk(this.#processes, mode, load);
    }
    const cpuBefore = contestant.process?.cpuSeconds() ?? NaN;
    const started = performance.now();
    const result = await runWrk(this.#processes, mode, { ...load, duration, thinkTime });
    const seconds = (performance.now() - started) / 1000;
    const cpuSeconds = (contestant.process?.cpuSeconds() ?? NaN) - cpuBefore;
    return { ...result, cpuSeconds, cpuShare: cpuSeconds / seconds };
  }

  #load({ port }: Contestant, scenario: Scenario, duration: number): Promise<LoadResult> {
    return runWrk(this.#processes, this.#options.mode, { port, scenario, duration });
  }

  /** @returns Undefined when the work failed, which is no reason to give up the other contestants. */
  async #whileRunning<T>(
    { title, process }: Contestant,
    work: () => Promise<T>,
  ): Promise<T | undefined> {
    process?.resume();
    try {
      if (process?.exited) throw new Error(`it ended: ${process.firstError}`);
      return await work();
    } catch (error) {
      this.#processes.throwIfDisposed();
      printError(`  ${title}: ${(error as Error).message}`);
      return undefined;
    } finally {
      process?.pause();
    }
  }
}

/** Another one begins in each round, so that no peer always runs behind the same other. */
function rotated<T>(items: readonly T[], by: number): T[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
