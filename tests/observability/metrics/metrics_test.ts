import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createAdmin, LoadBalancer, type LoadBalancerOptions } from "../../../mod.ts";
import { serveBalancer } from "../../testing/balancer.ts";
import { SampleServer } from "../../testing/sample_server.ts";
import { parseMetrics, valueOf } from "./metrics_text.ts";
import { isInstalled, NOT_INSTALLED, promtool } from "./promtool.ts";

const URL_A = "http://127.0.0.1:3001";
const PROMTOOL = await isInstalled("promtool");

/** The response of a balancer's admin API to GET /metrics. */
async function scrape(balancer: LoadBalancer): Promise<string> {
  const response = await createAdmin(balancer).fetch(new Request("http://localhost/metrics"));
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  assertEquals(response.headers.get("cache-control"), "no-store");
  return await response.text();
}

function makeBalancer(options: LoadBalancerOptions = {}): LoadBalancer {
  return new LoadBalancer({
    servers: [{ url: URL_A, name: "one", weight: 2, healthCheckPeriod: 0 }],
    ...options,
  });
}

Deno.test("GET /metrics reports the servers' states and the counts", async () => {
  await using server = new SampleServer("one");
  await using served = await serveBalancer([server.url]);
  for (let i = 0; i < 3; i++) {
    await (await fetch(served.url, { method: "POST", body: "12345" })).body?.cancel();
  }
  const lines = parseMetrics(await scrape(served.balancer));
  const own = { server: server.url };
  const expected: [name: string, labels: Record<string, string>, value: number][] = [
    ["ballast_server_info", { ...own, name: new URL(server.url).host }, 1],
    ["ballast_server_up", own, 1],
    ["ballast_server_weight", own, 1],
    ["ballast_server_ejected", own, 0],
    ["ballast_server_draining", own, 0],
    ["ballast_active_requests", own, 0],
    ["ballast_requests_total", { ...own, code: "2xx" }, 3],
    ["ballast_requests_total", { ...own, code: "5xx" }, 0],
    ["ballast_server_failures_total", { ...own, kind: "connection" }, 0],
    ["ballast_request_bytes_total", own, 15],
    ["ballast_response_bytes_total", own, 9],
    ["ballast_connections_opened_total", own, 1],
    ["ballast_connections_reused_total", own, 2],
    ["ballast_connections", { ...own, state: "open" }, 1],
    ["ballast_connections", { ...own, state: "idle" }, 1],
    ["ballast_request_duration_seconds_bucket", { ...own, le: "+Inf" }, 3],
    ["ballast_request_duration_seconds_count", own, 3],
    ["ballast_refused_requests_total", { reason: "no_server" }, 0],
    ["ballast_waiting_requests", {}, 0],
  ];
  for (const [name, labels, value] of expected) {
    assertEquals(valueOf(lines, name, labels), value, name);
  }
  const started = valueOf(lines, "process_start_time_seconds")!;
  assert(Math.abs(started - Date.now() / 1000) < 3600, `started at ${started}`);
  assert(valueOf(lines, "process_resident_memory_bytes")! > 10_000_000);
});

Deno.test("each bucket of /metrics includes the smaller ones", async () => {
  await using server = new SampleServer("one");
  await using served = await serveBalancer([server.url]);
  for (let i = 0; i < 5; i++) await (await fetch(served.url)).body?.cancel();
  const name = "ballast_request_duration_seconds_bucket";
  const buckets = parseMetrics(await scrape(served.balancer)).filter((line) => line.name === name);
  const counts = buckets.map(({ value }) => value);
  assertEquals(counts, counts.toSorted((a, b) => a - b));
  assertEquals(counts.at(-1), 5);
  assertEquals(buckets.slice(0, 2).map(({ labels }) => labels.le), ["0.001", "0.0025"]);
});

Deno.test("GET /metrics follows the servers: weight, draining, and removal", async () => {
  await using balancer = makeBalancer();
  balancer.update(URL_A, { draining: true, weight: 7 });
  const draining = parseMetrics(await scrape(balancer));
  assertEquals(valueOf(draining, "ballast_server_draining"), 1);
  assertEquals(valueOf(draining, "ballast_server_weight"), 7);
  balancer.remove(URL_A);
  const text = await scrape(balancer);
  assertEquals(parseMetrics(text).some(({ labels }) => "server" in labels), false);
  // Two requests at the same time do not interfere.
  const [one, other] = await Promise.all([scrape(balancer), scrape(balancer)]);
  assertEquals(one.split("\n").length, other.split("\n").length);
});

Deno.test("a server's name cannot add lines or labels to /metrics", async () => {
  const name = `"} 1 ballast_server_up{server="x"} 0\\ # HELP \\n \\" é \u2028`;
  await using balancer = makeBalancer();
  balancer.update(URL_A, { name });
  const lines = parseMetrics(await scrape(balancer));
  const [info] = lines.filter((line) => line.name === "ballast_server_info");
  assertEquals(info?.labels, { server: URL_A, name });
  assertEquals(lines.filter((line) => line.name === "ballast_server_up").length, 1);
});

Deno.test("with metrics: false, /metrics has no request counts rather than zeros", async () => {
  await using balancer = makeBalancer({ metrics: false });
  const names = new Set(parseMetrics(await scrape(balancer)).map(({ name }) => name));
  assertEquals([...names], [
    ...["ballast_server_info", "ballast_server_up", "ballast_server_weight"],
    ...["ballast_server_ejected", "ballast_server_draining", "ballast_active_requests"],
    ...["ballast_ejections_total", "ballast_health_checks_total"],
    ...["ballast_build_info", "process_start_time_seconds", "process_resident_memory_bytes"],
  ]);
});

Deno.test("/metrics is protected like the rest of the admin API", async () => {
  await using balancer = makeBalancer();
  const token = "0123456789abcdef";
  const admin = createAdmin(balancer, { token });
  const url = "http://localhost/metrics";
  assertEquals((await admin.fetch(new Request(url))).status, 401);
  const headers = { authorization: `Bearer ${token}` };
  assertEquals((await admin.fetch(new Request(url, { headers }))).status, 200);
  const posted = await admin.fetch(new Request(url, { method: "POST", headers }));
  assertEquals([posted.status, posted.headers.get("allow")], [405, "GET, HEAD"]);
  const elsewhere = new Request("http://evil.example/metrics", { headers });
  assertEquals((await admin.fetch(elsewhere)).status, 421);
});

Deno.test({
  name: `promtool finds nothing to say of /metrics${PROMTOOL ? "" : NOT_INSTALLED}`,
  ignore: !PROMTOOL,
  async fn() {
    await using balancer = makeBalancer();
    balancer.update(URL_A, { name: `"\\ é` });
    const text = await scrape(balancer);
    assertEquals(await promtool(text, "check", "metrics"), { code: 0, text: "" });
    // Permissions that are granted are used.
    const wrong = await promtool(text.replaceAll("_total", "_count"), "check", "metrics");
    assertStringIncludes(wrong.text, "ballast_");
    assertEquals(wrong.code, 3);
  },
});
