import type { PolicyName } from "../../../mod.ts";
import { writeConfig } from "../../../src/config/write_config.ts";
import { pace } from "../../chaos/pace.ts";
import { RunningBalancer } from "../../testing/program.ts";
import { makeTemporaryFile } from "../../testing/temporary_file.ts";
import { HoldingProcess } from "./holding_process.ts";
import {
  configOf,
  planOf,
  type Scenario,
  type ScriptedRequest,
  scriptOf,
  serviceTime,
} from "./scenario.ts";

/** Result of the counted part of a run. */
export interface RunResult {
  /** Share of the requests that each server answered. */
  readonly shares: readonly number[];
  /** Median response time, in milliseconds. */
  readonly p50: number;
  /** 99th percentile of the response time, in milliseconds. */
  readonly p99: number;
}

/** Result of a real run. */
export interface RealRun extends RunResult {
  /** URLs of the servers. */
  readonly urls: readonly string[];
  /** 99th percentile of how late requests were sent, in milliseconds. */
  readonly late: number;
}

interface Answer {
  readonly server: string;
  readonly milliseconds: number;
  readonly counted: boolean;
}

/**
 * Runs a scenario for real: servers that hold requests, a balancer, and a client that sends each
 * request at its time, whether or not earlier ones have ended.
 *
 * @throws {Error} If a request fails.
 */
export async function runForReal(scenario: Scenario, policy: PolicyName): Promise<RealRun> {
  await using servers = await HoldingProcess.start();
  const config = { ...configOf(scenario, servers.urls), policy };
  await using file = await makeTemporaryFile(writeConfig(config));
  await using balancer = await RunningBalancer.start(`--config=${file.path}`, "--host=127.0.0.1");
  const plan = planOf(scenario, servers.urls);
  const script = scriptOf(plan);
  const answers: Promise<Answer>[] = [];
  const late: number[] = [];
  const start = performance.now();
  for (const request of script) {
    const wait = start + request.at - performance.now();
    if (wait > 0) await pace(wait);
    late.push(performance.now() - start - request.at);
    answers.push(send(balancer.url, request, serviceTime(plan, request.u, request.v)));
  }
  const counted = (await Promise.all(answers)).filter((answer) => answer.counted);
  const times = counted.map(({ milliseconds }) => milliseconds);
  const count = (name: string) => counted.filter(({ server }) => server === name).length;
  return {
    urls: servers.urls,
    shares: servers.urls.map((_, i) => count(`server-${i + 1}`) / counted.length),
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    late: quantile(late, 0.99),
  };
}

async function send(url: string, request: ScriptedRequest, hold: number): Promise<Answer> {
  const from = performance.now();
  const response = await fetch(url, { headers: { "x-hold": String(hold) } });
  const server = await response.text();
  if (response.status !== 200) throw new Error(`HTTP ${response.status}: ${server}`);
  return { server, milliseconds: performance.now() - from, counted: request.counted };
}

function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}
