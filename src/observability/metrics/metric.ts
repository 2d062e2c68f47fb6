/** The labels that tell one sample of a metric from the others. */
export type Labels = Readonly<Record<string, string>>;

/** One line of a metric. */
export interface Sample {
  /** The name on the line, where it is not the metric's: a histogram's lines have three. */
  readonly metricName?: string;
  /** The labels that other lines have as well: one object for all of them is written out once. */
  readonly sharedLabels?: Labels;
  /** The labels that are the line's own. */
  readonly labels?: Labels;
  /** The number. */
  readonly value: number;
}

/** A metric with its values at one moment. */
export interface Metric {
  /** Its name: `ballast_`, what it is, its unit, and `_total` for a counter. */
  readonly name: string;
  /** What it tells, in one line. */
  readonly help: string;
  /** Whether it only grows, goes up and down, or counts by size. */
  readonly type: "counter" | "gauge" | "histogram";
  /** Makes its lines, of what was known when the metric was made. */
  readonly collect: () => Iterable<Sample>;
}
