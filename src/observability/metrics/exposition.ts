/** Labels of a sample. */
export type Labels = Readonly<Record<string, string>>;

/** One line of a metric. */
export interface Sample {
  /** Name on the line, if it differs from the metric's: a histogram's lines have three. */
  readonly metricName?: string;
  /** Labels that other lines have as well; an object shared by several lines is formatted once. */
  readonly sharedLabels?: Labels;
  /** Further labels of the line. */
  readonly labels?: Labels;
  /** The value. */
  readonly value: number;
}

/** A metric with its values at one moment. */
export interface Metric {
  /** Its name: `ballast_`, the quantity, the unit, and `_total` for a counter. */
  readonly name: string;
  /** Description in one line. */
  readonly help: string;
  /** Type of the metric. */
  readonly type: "counter" | "gauge" | "histogram";
  /** Makes the lines from the values at the time when the metric was made. */
  readonly collect: () => Iterable<Sample>;
}

/** Number of lines, a few milliseconds of work, after which requests get a turn. */
const LINES_AT_ONCE = 5000;

/** Content type of Prometheus' text format. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Writes metrics in Prometheus' text format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 *
 * The state table has already summed the values over the threads, so only the text is left to
 * write. The tests compare it with that of the `prom-client` package, which the program cannot use
 * itself: `deno compile` of Deno 2.9 crashes on a dependency of it
 * (https://github.com/denoland/deno/issues/36746).
 *
 * @param metrics The metrics, with distinct names.
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

/** Escapes backslashes and line feeds. */
function escape(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
