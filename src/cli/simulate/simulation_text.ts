import type { PolicyResultJson, ServerResultJson, SimulationJson } from "../../simulate/result.ts";
import { formatMilliseconds } from "../output/format.ts";
import { printable, table } from "../output/print.ts";

const BAR_WIDTH = 40;
/** Bars of one to eight eighths of a column. */
const EIGHTHS = "▏▎▍▌▋▊▉█";
const STEPS = "▁▂▃▄▅▆▇█";
/** The most servers that are listed one by one. */
const SERVERS_MAX = 12;

const POLICY_HEADER = [
  ...["POLICY", "P50", "P99", "P99.9", "MEAN", "QUEUED", "QUEUE P99", "UTILIZATION"],
  ...["PEAK", "RETRIES", "FAILED"],
];

/** Formats the result of a simulation as tables and charts. */
export function simulationText(result: SimulationJson): string {
  const { policies } = result;
  const health = policies.flatMap(healthLine);
  return [
    headline(result),
    "",
    table(POLICY_HEADER, policies.map(policyRow)),
    "",
    ...responseChart(policies),
    "",
    ...(policies[0]!.servers.length <= SERVERS_MAX ? serverTable(policies) : spreads(policies)),
    ...(health.length === 0 ? [] : ["", ...health]),
  ].join("\n");
}

function headline({ policies, balancers, rate, seconds, seed }: SimulationJson): string {
  const { servers, requests } = policies[0]!;
  const parts = [
    `${requests} ${requests === 1 ? "request" : "requests"} in ${Number(seconds.toPrecision(3))} s`,
    ...(rate === null ? [] : [`${Number(rate.toPrecision(4))} requests/s`]),
    `${servers.length} ${servers.length === 1 ? "server" : "servers"}`,
    `${balancers} ${balancers === 1 ? "balancer" : "balancers"}`,
    `seed ${seed}`,
  ];
  return `${parts.join(", ")}; without the warm-up`;
}

function policyRow(result: PolicyResultJson): string[] {
  const { policy, answered, response_ms, waiting_ms, waited, servers, retries } = result;
  const { errors, failures } = result;
  const time = (milliseconds: number) => formatMilliseconds(answered === 0 ? null : milliseconds);
  const failed = Object.values(failures).reduce((sum, count) => sum + count, errors);
  return [
    policy,
    time(response_ms.p50),
    time(response_ms.p99),
    time(response_ms.p99_9),
    time(response_ms.mean),
    percent(waited),
    time(waiting_ms.p99),
    utilizationText(servers),
    `${most(servers.map(({ peak }) => peak))} active`,
    String(retries),
    failed === 0 ? "0" : `${failed} (${failureText(result)})`,
  ];
}

/** The minimum, mean and maximum of the servers' utilization. */
function utilizationText(servers: readonly ServerResultJson[]): string {
  const used = servers.map(({ utilisation }) => utilisation).filter((share) => share !== null);
  if (used.length === 0) return "-";
  const mean = used.reduce((sum, share) => sum + share, 0) / used.length;
  return `${percent(least(used))} … ${percent(mean)} … ${percent(most(used))}`;
}

function failureText({ failures, errors }: PolicyResultJson): string {
  const kinds = Object.entries(failures).map(([code, count]) => `${count} ${code}`);
  return [...(errors === 0 ? [] : [`${errors} HTTP 500`]), ...kinds].join(", ");
}

function responseChart(policies: readonly PolicyResultJson[]): string[] {
  const width = Math.max(...policies.map(({ policy }) => policy.length));
  return (["p50", "p99", "p99_9"] as const).flatMap((name) => {
    const longest = most(policies.map(({ response_ms }) => response_ms[name]));
    return policies.map(({ policy, response_ms }, i) => {
      const share = longest === 0 ? 0 : response_ms[name] / longest;
      const title = i === 0 ? name.replace("_", ".") : "";
      const chart = bar(share, BAR_WIDTH);
      return `${title.padEnd(7)}${policy.padEnd(width)}  ${chart} ${
        formatMilliseconds(response_ms[name])
      }`;
    });
  });
}

/** Each server with its share of the requests and its utilization under each policy. */
function serverTable(policies: readonly PolicyResultJson[]): string[] {
  const header = ["SERVER", "WEIGHT", ...policies.map(({ policy }) => policy)];
  const rows = policies[0]!.servers.map(({ name, weight }, number) => [
    name,
    String(weight),
    ...policies.map(({ servers }) => {
      const { share, utilisation, peak } = servers[number]!;
      const busy = utilisation === null ? "" : `, ${percent(utilisation)} busy`;
      return `${percent(share)}${busy}, peak ${peak}`;
    }),
  ]);
  const longest = most(policies.flatMap(({ servers }) => servers.map(({ share }) => share)));
  const chart = policies.flatMap(({ policy, servers }) => [
    "",
    `Share of requests under ${policy}`,
    ...servers.map(({ name, share }) =>
      `${printable(name).padEnd(nameWidth(servers))}  ${
        bar(longest === 0 ? 0 : share / longest, BAR_WIDTH)
      } ${percent(share)}`
    ),
  ]);
  return [table(header, rows), ...chart];
}

function nameWidth(servers: readonly ServerResultJson[]): number {
  return most(servers.map(({ name }) => printable(name).length));
}

/** Histograms over the servers. */
function spreads(policies: readonly PolicyResultJson[]): string[] {
  return [
    "Distribution over the servers, from minimum to maximum:",
    ...spread("requests/weight", policies, relativeShares, (share) => share.toFixed(2)),
    ...spread(
      "utilization",
      policies,
      (servers) => servers.map(({ utilisation }) => utilisation ?? 0),
      percent,
    ),
    ...spread("peak", policies, (servers) => servers.map(({ peak }) => peak), String),
  ];
}

function spread(
  title: string,
  policies: readonly PolicyResultJson[],
  numbersOf: (servers: readonly ServerResultJson[]) => number[],
  text: (number: number) => string,
): string[] {
  const width = Math.max(...policies.map(({ policy }) => policy.length));
  return policies.map(({ policy, servers }, i) => {
    const numbers = numbersOf(servers);
    if (numbers.length === 0) return `${title}: no servers take requests`;
    const [low, high] = [least(numbers), most(numbers)];
    const chart = spreadChart(numbers, { low, high, width: BAR_WIDTH });
    const head = (i === 0 ? title : "").padEnd(17);
    return `${head}${policy.padEnd(width)}  ${text(low)} ${chart} ${text(high)}`;
  });
}

/** The ratio of each server's share of the requests to its share of the weights. */
function relativeShares(servers: readonly ServerResultJson[]): number[] {
  const total = servers.reduce((sum, { weight }) => sum + weight, 0);
  return servers.filter(({ weight }) => weight > 0)
    .map(({ share, weight }) => share / (weight / total));
}

function healthLine({ policy, health, longest_line }: PolicyResultJson): string[] {
  const changes = Object.entries(health).map(([change, count]) =>
    `${count} × ${change === "on_trial" ? "probing" : change}`
  );
  return [
    ...(longest_line === 0 ? [] : [`${policy}: longest queue of a balancer: ${longest_line}`]),
    ...(changes.length === 0 ? [] : [`${policy}, all balancers: ${changes.join(", ")}`]),
  ];
}

function percent(share: number): string {
  const number = share * 100;
  return `${
    number < 9.95 || number > 99.05 && number < 100 ? number.toFixed(1) : Math.round(number)
  } %`;
}

function least(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => Math.min(one, other), Infinity);
}

function most(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => Math.max(one, other), -Infinity);
}

/**
 * A horizontal bar, to an eighth of a column.
 *
 * @param share The share of the width, 0 to 1. A share above 0 is always visible.
 */
function bar(share: number, width: number): string {
  const eighths = Math.max(share > 0 ? 1 : 0, Math.round(share * width * 8));
  const full = "█".repeat(Math.floor(eighths / 8));
  return eighths % 8 === 0 ? full : full + EIGHTHS[eighths % 8 - 1];
}

/** A histogram in one line. The most frequent range is the highest column. */
function spreadChart(
  numbers: readonly number[],
  { low, high, width }: { low: number; high: number; width: number },
): string {
  const counts = new Array<number>(width).fill(0);
  for (const number of numbers) {
    const at = high === low ? 0 : Math.floor((number - low) / (high - low) * width);
    counts[Math.min(width - 1, at)]! += 1;
  }
  const most = Math.max(...counts);
  return counts.map((count) =>
    count === 0 ? "·" : STEPS[Math.ceil(count / most * STEPS.length) - 1]
  ).join("");
}
