/** One line of Prometheus' text format. */
export interface Line {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A strict parser of Prometheus' text format, as far as Ballast uses it. */
export function parseMetrics(text: string): Line[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map(parseLine);
}

/** The value of the line with this name and these labels; undefined if there is none. */
export function valueOf(
  lines: readonly Line[],
  name: string,
  labels: Record<string, string> = {},
): number | undefined {
  const found = lines.filter((line) =>
    line.name === name &&
    Object.entries(labels).every(([label, value]) => line.labels[label] === value)
  );
  if (found.length > 1) throw new Error(`There are ${found.length} lines of ${name}`);
  return found[0]?.value;
}

function parseLine(line: string): Line {
  const parts = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/s.exec(line);
  if (parts === null) throw new Error(`Not a line of a metric: ${line}`);
  const [, name = "", labels = "", value] = parts;
  return { name, labels: parseLabels(labels), value: Number(value) };
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  const label = /([a-z_]+)="((?:[^"\\]|\\[\\"n])*)"(?:,|$)/y;
  while (label.lastIndex < text.length) {
    const from = label.lastIndex;
    const parts = label.exec(text);
    if (parts === null) throw new Error(`Not labels: ${text.slice(from)}`);
    labels[parts[1]!] = parts[2]!.replace(/\\(.)/g, (_, c) => c === "n" ? "\n" : c);
  }
  return labels;
}
