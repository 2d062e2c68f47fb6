import type * as prom from "prom-client";
import type { Metric, Sample } from "./metric.ts";

/** How many lines are written before requests get their turn: some milliseconds. */
const LINES_AT_ONCE = 2000;

/** What the text is, for a `Content-Type` field: Prometheus' text format. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Writes metrics in Prometheus' text format.
 *
 * The values are there already, summed over the threads, so prom-client's own counters and
 * histograms, which count by themselves, would only be a second place for them: a counter that has
 * to be reset and added to, and a histogram that takes no sums at all. What its registry asks of a
 * metric is a name and a `get` that tells the values, and that is what it is given here.
 *
 * prom-client is loaded by the first call: it takes longer than all the rest of the program, and
 * who does not ask for metrics shall not wait for it.
 *
 * @param metrics The metrics, each with another name.
 */
export async function writeExposition(metrics: readonly Metric[]): Promise<string> {
  const { Registry } = await import("prom-client");
  // One for each text: two that are written at the same time have nothing in common.
  const registry = new Registry();
  let text = "";
  let lines = 0;
  for (const metric of metrics) {
    const values = metric.collect();
    registry.registerMetric(asPromMetric(metric, values));
    text += `${await registry.getSingleMetricAsString(metric.name)}\n`;
    lines += values.length;
    if (lines < LINES_AT_ONCE) continue;
    lines = 0;
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
  }
  return text;
}

/** The types know no metrics but prom-client's own. */
function asPromMetric({ name, help, type }: Metric, values: readonly Sample[]): prom.Metric {
  return {
    name,
    get: () => Promise.resolve({ name, help, type, values }),
  } as unknown as prom.Metric;
}
