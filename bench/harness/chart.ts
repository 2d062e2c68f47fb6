import { latency, rate, ratio } from "./format.ts";
import { printLine } from "./output.ts";
import type { Scenario } from "./scenarios.ts";
import type { Line } from "./summary.ts";

const WIDTH = 40;
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/**
 * Prints a bar for each contestant: its requests a second, or, at half load, where these are what
 * was asked for, the latency of its slowest percent.
 *
 * @param reference The title of the peer that the ratios are to; their quartiles are in parentheses.
 */
export function printChart(
  { title, halfLoad }: Scenario,
  lines: readonly Line[],
  reference: string,
): void {
  const values = lines.map((line) => (halfLoad ? line.medians.p99 : line.rate?.median) ?? NaN);
  const highest = Math.max(...values.filter(Number.isFinite));
  const widest = Math.max(...lines.map(({ contestant }) => contestant.title.length));
  printLine(`\n  ${title} (${halfLoad ? "p99, shorter is better" : `req/s, × ${reference}`})`);
  for (const [index, { contestant, ratio: toReference, medians, errors }] of lines.entries()) {
    const value = values[index]!;
    const text = halfLoad
      ? `${latency(medians.p99).padStart(7)} ms`
      : `${rate(value).padStart(7)} ${ratio(toReference?.median).padStart(6)} ` +
        `(${ratio(toReference?.lower)}–${ratio(toReference?.upper)})`;
    printLine(
      `  ${contestant.title.padEnd(widest)} ${bar(value / highest).padEnd(WIDTH)} ` +
        text + (errors === "" ? "" : `  errors: ${errors}`),
    );
  }
  printLine();
}

function bar(share: number): string {
  if (!Number.isFinite(share)) return "";
  const eighths = Math.round(share * WIDTH * 8);
  return "█".repeat(eighths >> 3) + EIGHTHS[eighths % 8]!;
}
