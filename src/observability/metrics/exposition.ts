import type { Labels, Metric, Sample } from "./metric.ts";

/** How many lines are written before requests get their turn: some milliseconds. */
const LINES_AT_ONCE = 5000;

/** What the text is, for a `Content-Type` field: Prometheus' text format. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Writes metrics in Prometheus' text format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 *
 * The values are there already, summed over the threads, so this is all that is left to do. The
 * `prom-client` package, with whose text the tests compare this one, cannot be a part of the program:
 * `deno compile` of Deno 2.9 crashes on what it depends on (https://github.com/denoland/deno/issues/36746).
 *
 * @param metrics The metrics, each with another name.
 */
export async function writeExposition(metrics: readonly Metric[]): Promise<string> {
  const shared = new Map<Labels, string>();
  let text = "";
  let lines = 0;
  for (const { name, help, type, collect } of metrics) {
    text += `# HELP ${name} ${escape(help)}\n# TYPE ${name} ${type}\n`;
    for (const sample of collect()) {
      text += line(name, sample, shared);
      if (++lines % LINES_AT_ONCE === 0) await new Promise<void>((done) => setTimeout(done, 0));
    }
  }
  return text;
}

function line(name: string, sample: Sample, shared: Map<Labels, string>): string {
  const { metricName = name, labels, sharedLabels, value } = sample;
  let text = labels === undefined ? "" : labelText(labels);
  if (sharedLabels !== undefined) {
    let others = shared.get(sharedLabels);
    if (others === undefined) shared.set(sharedLabels, others = labelText(sharedLabels));
    text += text === "" ? others : `,${others}`;
  }
  return text === "" ? `${metricName} ${value}\n` : `${metricName}{${text}} ${value}\n`;
}

function labelText(labels: Labels): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label}="${escape(value).replaceAll('"', '\\"')}"`)
    .join(",");
}

/** What would end a line, or the text in a line, is written as two characters. */
function escape(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
