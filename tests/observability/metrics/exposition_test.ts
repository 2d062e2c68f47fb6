import { assertEquals } from "@std/assert";
import { type Metric as PromMetric, Registry } from "prom-client";
import { writeExposition } from "../../../src/observability/metrics/exposition.ts";
import type { Metric, Sample } from "../../../src/observability/metrics/exposition.ts";
import { parseMetrics } from "./metrics_text.ts";

/** The text of prom-client for the same metric, without the last line feed. */
async function promText({ name, help, type, collect }: Metric): Promise<string> {
  const registry = new Registry();
  // The interface that a registry needs; the types only know prom-client's own metrics.
  const metric = { name, get: () => Promise.resolve({ name, help, type, values: collect() }) };
  registry.registerMetric(metric as unknown as PromMetric);
  return `${await registry.getSingleMetricAsString(name)}\n`;
}

function makeMetric(values: readonly Sample[], type: Metric["type"] = "gauge"): Metric {
  return { name: "ballast_some", help: "A \\ in\ntwo lines.", type, collect: () => values };
}

Deno.test("writeExposition() writes what prom-client does", async () => {
  const sharedLabels = { server: 'http://a/"b"', name: "\\" };
  const metrics = [
    makeMetric([]),
    makeMetric([{ value: 0 }], "counter"),
    makeMetric([{ value: 1e21 }, { value: 0.1 + 0.2 }, { value: 2 ** 53 }]),
    makeMetric([{ labels: { a: `"\\\n\r\u2028é`, b: "" }, value: -1 }]),
    makeMetric([
      { metricName: "ballast_some_bucket", labels: { le: "+Inf" }, sharedLabels, value: 3 },
      { metricName: "ballast_some_sum", sharedLabels, value: 0.25 },
      { metricName: "ballast_some_count", sharedLabels, value: 3 },
    ], "histogram"),
  ];
  for (const metric of metrics) {
    assertEquals(await writeExposition([metric]), await promText(metric));
  }
});

Deno.test("writeExposition() escapes characters that a label must not contain", async () => {
  const labels = { name: `"\\\n` };
  const lines = parseMetrics(await writeExposition([makeMetric([{ labels, value: 1 }])]));
  assertEquals(lines, [{ name: "ballast_some", labels, value: 1 }]);
});

Deno.test("writeExposition() yields to other tasks in a long text", async () => {
  const long = makeMetric(Array.from({ length: 5000 }, (_, value) => ({ value })));
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  await writeExposition([long, long, long]);
  clearInterval(timer);
  assertEquals(turns > 0, true);
});

Deno.test("writeExposition() yields to other tasks within one metric", async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  const turnsAt: number[] = [];
  function* collect(): Iterable<Sample> {
    for (let value = 0; value < 20_000; value++) {
      if (value % 5000 === 0) turnsAt.push(turns);
      yield { value };
    }
  }
  await writeExposition([{ ...makeMetric([]), collect }]);
  clearInterval(timer);
  assertEquals(turnsAt.every((at, i) => i === 0 || at > turnsAt[i - 1]!), true);
});
