import { assert, assertEquals } from "@std/assert";
import { RunningBalancer } from "../../testing/program.ts";
import { freePorts } from "../../testing/run_cli.ts";
import { makeTemporaryFile } from "../../testing/temporary_file.ts";
import { RunningPrometheus } from "./prometheus.ts";
import { isInstalled, NOT_INSTALLED } from "./promtool.ts";
import { until } from "../../testing/until.ts";

const PROMETHEUS = await isInstalled("prometheus");

/** The least number of requests, and how many are sent at once. */
const REQUESTS = 2000;
const CLIENTS = 16;

/** Counts by the clients. */
interface Seen {
  /** Responses of servers by the class of their status. */
  readonly answers: Record<string, number>;
  /** Refusals of the balancer, by status. */
  readonly refusals: Record<number, number>;
  /** Content of the responses, in bytes. */
  bytes: number;
  sent: number;
}

/** Sends requests, every tenth of them too large, until there are enough and `mayEnd` agrees. */
async function load(url: string, mayEnd: () => boolean): Promise<Seen> {
  const seen: Seen = { answers: {}, refusals: {}, bytes: 0, sent: 0 };
  async function ask(): Promise<void> {
    const content = ++seen.sent % 10 === 0 ? "too large" : "small";
    const response = await fetch(url, { method: "POST", body: content });
    const { length } = await response.bytes();
    const { status, headers } = response;
    if (headers.has("proxy-status")) {
      seen.refusals[status] = (seen.refusals[status] ?? 0) + 1;
    } else {
      const code = `${Math.trunc(status / 100)}xx`;
      seen.answers[code] = (seen.answers[code] ?? 0) + 1;
      seen.bytes += length;
    }
  }
  async function client(): Promise<void> {
    await until("Prometheus to have looked often enough", async () => {
      await ask();
      return seen.sent >= REQUESTS && mayEnd();
    });
  }
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return seen;
}

function total(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

for (const workers of [1, 2]) {
  Deno.test({
    name: `Prometheus sees what the clients see, with ${workers} worker(s)` +
      (PROMETHEUS ? "" : NOT_INSTALLED),
    ignore: !PROMETHEUS,
    async fn() {
      const hits = { good: 0, bad: 0 };
      const server = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
      await using good = Deno.serve(server, () => {
        hits.good++;
        return new Response("a good answer");
      });
      await using bad = Deno.serve(server, () => {
        hits.bad++;
        return new Response("no", { status: 503 });
      });
      const ports = [good.addr.port, bad.addr.port, ...freePorts(1)];
      const urls = ports.map((port) => `http://127.0.0.1:${port}`);
      await using config = await makeTemporaryFile(
        `host: 127.0.0.1\nlimits: {request_body: 8}\nservers:\n` +
          urls.map((url) => `- {url: "${url}", health_check_period: 0}\n`).join(""),
      );
      await using balancer = await RunningBalancer.start(
        `--config=${config.path}`,
        `--workers=${workers}`,
      );
      await using prometheus = await RunningPrometheus.start(`127.0.0.1:${balancer.apiPort}`);

      let noticed = false;
      const loaded = load(balancer.url, () => noticed);
      const requests = "sum(ballast_requests_total)";
      await prometheus.waitFor(requests, (count) => count > 0);
      noticed = true;
      const { answers, refusals, bytes, sent } = await loaded;

      await prometheus.waitFor(requests, (count) => count === total(answers));
      assertEquals(total(answers) + total(refusals), sent);
      const exact: [expression: string, value: number | undefined][] = [
        [`sum(ballast_requests_total{code="2xx"})`, answers["2xx"]],
        [`sum(ballast_requests_total{code="5xx"})`, answers["5xx"]],
        [`sum(ballast_requests_total{server="${urls[0]}"})`, hits.good],
        [`sum(ballast_requests_total{server="${urls[1]}"})`, hits.bad],
        [`sum(ballast_request_duration_seconds_count)`, total(answers)],
        [`sum(ballast_request_duration_seconds_bucket{le="+Inf"})`, total(answers)],
        [`sum(ballast_request_bytes_total)`, total(answers) * "small".length],
        [`sum(ballast_response_bytes_total)`, bytes],
        [
          `sum(ballast_connections_opened_total + ballast_connections_reused_total)`,
          total(answers),
        ],
        [`sum(ballast_refused_requests_total)`, total(refusals)],
        [`ballast_refused_requests_total{reason="content_too_large"}`, refusals[413]],
        [`sum(ballast_active_requests)`, 0],
        [`ballast_waiting_requests`, 0],
      ];
      for (const [expression, value] of exact) {
        assertEquals(await prometheus.value(expression), value, expression);
      }
      // Each failed attempt was followed by a retry, or by a refusal of its request.
      const failures = await prometheus.value(`sum(ballast_server_failures_total)`);
      const refused = `sum(ballast_refused_requests_total{reason="connect_failed"})`;
      const retries = await prometheus.value(`sum(ballast_retries_total) + ${refused}`);
      assertEquals(failures, retries);
      assert(failures > 0, "the dead server was tried");
      const scrapes = `count_over_time(ballast_build_info[1m])`;
      assert(await prometheus.value(scrapes) > 1, "it has scraped more than once");
    },
  });
}
