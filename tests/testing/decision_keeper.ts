import type { DecisionNews, DecisionSink } from "../../src/model/decision.ts";

/** Keeps what is recorded, for a test to look at. */
export class DecisionKeeper implements DecisionSink {
  recording = true;
  readonly decisions: DecisionNews[] = [];
  skipped = 0;

  add(news: DecisionNews): void {
    this.decisions.push(news);
  }

  skip(): void {
    this.skipped++;
  }

  /** The verdict on each server in the latest decision, by name. */
  get verdicts(): Record<string, string> {
    const { candidates } = this.decisions.at(-1)!;
    return Object.fromEntries(candidates.map(({ name, verdict }) => [name, verdict]));
  }
}
