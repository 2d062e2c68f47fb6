import type { PolicyResultJson, ServerResultJson, SimulationJson } from "../../simulate/result.ts";
import { printable, table } from "../output/print.ts";
import { formatMilliseconds } from "../status/format.ts";

const BAR_WIDTH = 40;
/** The eighths of a column, from the least to all of it. */
const EIGHTHS = "▏▎▍▌▋▊▉█";
const STEPS = "▁▂▃▄▅▆▇█";
/** Up to so many servers are told one by one. */
const SERVERS_MAX = 12;

const POLICY_HEADER = [
  ...["POLICY", "P50", "P99", "P99.9", "MEAN", "WAITED", "WAIT P99", "UTILISATION"],
  ...["BUSIEST", "RETRIES", "FAILED"],
];

/** What came of a simulation, for people: tables, and charts in between. */
export function simulationText(result: SimulationJson): string {
  const { policies } = result;
  return [
    headline(result),
    "",
    table(POLICY_HEADER, policies.map(policyRow)),
    "",
    ...responseChart(policies),
    "",
    ...(policies[0]!.servers.length <= SERVERS_MAX ? serverTable(policies) : spreads(policies)),
    ...policies.flatMap(healthLine),
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
  return `${parts.join(", ")}; the warm-up is not counted`;
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
    utilisationText(servers),
    `${most(servers.map(({ peak }) => peak))} at once`,
    String(retries),
    failed === 0 ? "0" : `${failed} (${failureText(result)})`,
  ];
}

/** The least, the average and the most that servers were used. */
function utilisationText(servers: readonly ServerResultJson[]): string {
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

/** Each server, with its share of the requests and how much it was used, under each policy. */
function serverTable(policies: readonly PolicyResultJson[]): string[] {
  const header = ["SERVER", "WEIGHT", ...policies.map(({ policy }) => policy)];
  const rows = policies[0]!.servers.map(({ name, weight }, number) => [
    name,
    String(weight),
    ...policies.map(({ servers }) => {
      const { share, utilisation, peak } = servers[number]!;
      const used = utilisation === null ? "" : `, ${percent(utilisation)} used`;
      return `${percent(share)}${used}, ${peak} at once`;
    }),
  ]);
  const longest = most(policies.flatMap(({ servers }) => servers.map(({ share }) => share)));
  const chart = policies.flatMap(({ policy, servers }) => [
    "",
    `Share of the requests by ${policy}`,
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

/** How shares and utilisation are spread over many servers. */
function spreads(policies: readonly PolicyResultJson[]): string[] {
  return [
    "How the servers differ: columns from the least to the most, as high as there are servers",
    ...spread("requests/weight", policies, relativeShares, (share) => share.toFixed(2)),
    ...spread(
      "utilisation",
      policies,
      (servers) => servers.map(({ utilisation }) => utilisation ?? 0),
      percent,
    ),
    ...spread("most at once", policies, (servers) => servers.map(({ peak }) => peak), String),
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
    if (numbers.length === 0) return `${title} of servers that take no requests`;
    const [low, high] = [least(numbers), most(numbers)];
    const chart = spreadChart(numbers, { low, high, width: BAR_WIDTH });
    const head = (i === 0 ? title : "").padEnd(17);
    return `${head}${policy.padEnd(width)}  ${text(low)} ${chart} ${text(high)}`;
  });
}

/** What each server got of what its weight says; 1 is exactly that. */
function relativeShares(servers: readonly ServerResultJson[]): number[] {
  const total = servers.reduce((sum, { weight }) => sum + weight, 0);
  return servers.filter(({ weight }) => weight > 0)
    .map(({ share, weight }) => share / (weight / total));
}

function healthLine({ policy, health, longest_line }: PolicyResultJson): string[] {
  const changes = Object.entries(health).map(([change, count]) =>
    `${count} × ${change.replace("_", " ")}`
  );
  return [
    ...(longest_line === 0 ? [] : [`${policy}: up to ${longest_line} waited in one balancer`]),
    ...(changes.length === 0 ? [] : [`${policy}, all balancers together: ${changes.join(", ")}`]),
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
 * A bar for a terminal, to an eighth of a column.
 *
 * @param share How much of the width it takes, 0 to 1. What is more than nothing is seen.
 * @param width How many columns the longest bar takes.
 */
function bar(share: number, width: number): string {
  const eighths = Math.max(share > 0 ? 1 : 0, Math.round(share * width * 8));
  const full = "█".repeat(Math.floor(eighths / 8));
  return eighths % 8 === 0 ? full : full + EIGHTHS[eighths % 8 - 1];
}

/**
 * How numbers are spread between two bounds, as columns of which the highest has the most of them.
 *
 * @param numbers The numbers.
 * @param bounds The lowest and the highest that there can be, and how many columns.
 */
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
