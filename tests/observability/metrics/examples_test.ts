import { assert, assertEquals } from "@std/assert";
import { createAdmin, LoadBalancer } from "../../../mod.ts";
import { parseMetrics } from "./metrics_text.ts";
import { isInstalled, NOT_INSTALLED, promtool } from "./promtool.ts";

const EXAMPLES = new URL("../../../examples/", import.meta.url);
const PROMTOOL = await isInstalled("promtool");

/** The properties of a panel that are tested here. */
interface Panel {
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; h: number };
  readonly targets: readonly { readonly expr: string }[];
}

async function readDashboard(): Promise<{
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly definition?: string }[] };
}> {
  return JSON.parse(await Deno.readTextFile(new URL("grafana-dashboard.json", EXAMPLES)));
}

/** Every expression of the dashboard, including those of its variables. */
async function expressions(): Promise<string[]> {
  const { panels, templating } = await readDashboard();
  return [
    ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...templating.list.flatMap(({ definition }) => definition ?? []),
  ];
}

/** The names in an expression that could be metrics of Ballast or its process. */
function metricNames(expression: string): string[] {
  return expression.match(/\b(?:ballast|process)_[a-z_]+/g) ?? [];
}

/** The lines of /metrics. */
async function scrape(): Promise<ReturnType<typeof parseMetrics>> {
  await using balancer = new LoadBalancer({
    servers: [{ url: "http://127.0.0.1:3001", healthCheckPeriod: 0 }],
  });
  const response = await createAdmin(balancer).fetch(new Request("http://localhost/metrics"));
  return parseMetrics(await response.text());
}

Deno.test("each metric on the Grafana dashboard exists in /metrics", async () => {
  const there = new Set((await scrape()).map(({ name }) => name));
  for (const expression of await expressions()) {
    const names = metricNames(expression);
    assert(names.length > 0, expression);
    for (const name of names) assert(there.has(name), `${name} in ${expression}`);
  }
});

Deno.test("each label that the Grafana dashboard uses exists on its metric", async () => {
  const lines = await scrape();
  for (const expression of await expressions()) {
    for (const [, name, matchers = ""] of expression.matchAll(/\b(ballast_[a-z_]+)\{([^}]*)\}/g)) {
      for (const [, label = ""] of matchers.matchAll(/([a-z]+)(?:=|!)/g)) {
        const found = lines.some((line) => line.name === name && label in line.labels);
        assert(found, `${label} of ${name} in ${expression}`);
      }
    }
  }
});

Deno.test("the Grafana dashboard shows every metric, in panels that do not overlap", async () => {
  const shown = new Set((await expressions()).flatMap(metricNames));
  const missing = new Set((await scrape()).map(({ name }) => name)).difference(shown);
  // The sum and count would give a mean, which says little; every counter shows a restart.
  assertEquals([...missing], [
    "ballast_request_duration_seconds_sum",
    "ballast_request_duration_seconds_count",
    "process_start_time_seconds",
  ]);
  const { panels } = await readDashboard();
  for (const [i, { title, gridPos: { x, y, w, h } }] of panels.entries()) {
    assert(x + w <= 24, title);
    for (const { title: other, gridPos } of panels.slice(i + 1)) {
      const beside = x + w <= gridPos.x || gridPos.x + gridPos.w <= x;
      assert(beside || y + h <= gridPos.y || gridPos.y + gridPos.h <= y, `${title} over ${other}`);
    }
  }
});

Deno.test({
  name: `promtool accepts the dashboard's expressions and examples/prometheus.yml` +
    (PROMTOOL ? "" : NOT_INSTALLED),
  ignore: !PROMTOOL,
  async fn() {
    const path = new URL("prometheus.yml", EXAMPLES).pathname;
    const checked = await promtool("", "check", "config", path);
    assertEquals(checked.code, 0, checked.text);
    const { panels } = await readDashboard();
    const rules = panels.flatMap(({ targets }) => targets).map(({ expr }, i) => ({
      record: `rule:${i}`,
      expr: expr.replaceAll("$__rate_interval", "1m"),
    }));
    // An invalid expression is rejected when it is loaded as a recording rule. JSON is YAML.
    const text = JSON.stringify({ groups: [{ name: "dashboard", rules }] });
    const file = await Deno.makeTempFile({ suffix: ".yml" });
    try {
      await Deno.writeTextFile(file, text);
      const { code, text: said } = await promtool("", "check", "rules", file);
      assertEquals(code, 0, said);
    } finally {
      await Deno.remove(file);
    }
  },
});
