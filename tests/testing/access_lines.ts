import { until } from "./until.ts";

/** A line of the access log as JSON has it. */
export interface AccessLine {
  readonly time: string;
  readonly id: string;
  readonly client: string | null;
  readonly method: string;
  readonly host: string;
  readonly target: string;
  readonly status: number;
  readonly bytes: number;
  readonly user_agent: string | null;
  readonly referer: string | null;
  readonly server: string | null;
  readonly attempts: number;
  readonly connection_reused: boolean;
  readonly queue_ms: number;
  readonly connect_ms: number;
  readonly first_byte_ms: number | null;
  readonly total_ms: number;
  readonly failure?: string;
}

/** Takes the access log of a balancer in a test. */
export class AccessLines {
  /** The option of a balancer that logs to this object. */
  readonly option: { readonly format: "json"; readonly write: (lines: string) => void } = {
    format: "json",
    write: (lines) => this.#take(lines),
  };
  /** Each call of `write` with as many lines as it had. */
  readonly batches: number[] = [];
  readonly #lines: AccessLine[] = [];

  /** The lines so far. */
  get all(): readonly AccessLine[] {
    return this.#lines;
  }

  /** Waits until there are so many lines. */
  async count(lines: number): Promise<readonly AccessLine[]> {
    await until(
      () => `${lines} lines: there are ${this.#lines.length}`,
      () => this.#lines.length >= lines,
    );
    return this.#lines;
  }

  #take(lines: string): void {
    const parsed = readAccessLines(lines);
    this.batches.push(parsed.length);
    this.#lines.push(...parsed);
  }
}

/** Reads whole lines, and throws where one is none or has no end. */
export function readAccessLines(text: string): AccessLine[] {
  if (text === "") return [];
  if (!text.endsWith("\n")) throw new Error(`The last line has no end: ${text}`);
  return text.slice(0, -1).split("\n").map((line) => JSON.parse(line));
}
