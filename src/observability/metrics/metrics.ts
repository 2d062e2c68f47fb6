import type { RegistryReport } from "../../model/registry_report.ts";
import type { ServerStatus } from "../../model/server_status.ts";
import type { Traffic } from "../../state/traffic.ts";
import { type Metric, writeExposition } from "./exposition.ts";
import { processMetrics } from "./process_metrics.ts";
import { serverStateMetrics, serverTrafficMetrics } from "./server_metrics.ts";

/** Sources of the metrics. */
export interface MetricSources {
  /** Servers with their status. */
  readonly servers: readonly ServerStatus[];
  /** Traffic counts. */
  readonly traffic: Traffic;
  /** Status of the shared registry; undefined if the balancer has none. */
  readonly registry?: RegistryReport | undefined;
  /** Ballast's version. */
  readonly version: string;
}

/**
 * Writes all metrics in Prometheus' text format. If requests are not counted, their metrics are
 * left out: a zero would mean that there were none.
 *
 * @param sources The sources.
 */
export async function writeMetrics(
  { servers, traffic, registry, version }: MetricSources,
): Promise<string> {
  const counted = new Map(traffic.servers.map((numbers) => [numbers.server.url, numbers]));
  const numbers = servers.flatMap((status) => {
    const traffic = counted.get(status.url);
    return traffic === undefined ? [] : [{ status, traffic }];
  });
  return await writeExposition([
    ...serverStateMetrics(numbers),
    ...(traffic.countsRequests ? serverTrafficMetrics(numbers) : []),
    ...(traffic.countsRequests ? overallMetrics(traffic.overall) : []),
    ...(registry === undefined ? [] : registryMetrics(registry)),
    ...processMetrics(version),
  ]);
}

/** Metrics of requests that no server answered, and of the queue. */
function overallMetrics({ refusals, waiting, waited }: Traffic["overall"]): Metric[] {
  return [
    {
      name: "ballast_refused_requests_total",
      help: "Requests that no server responded to, by reason.",
      type: "counter",
      collect: () => refusals.map(([reason, value]) => ({ labels: { reason }, value })),
    },
    {
      name: "ballast_waiting_requests",
      help: "Requests that are queued for a server.",
      type: "gauge",
      collect: () => [{ value: waiting }],
    },
    {
      name: "ballast_waited_requests_total",
      help: "Requests that were queued for a server.",
      type: "counter",
      collect: () => [{ value: waited }],
    },
  ];
}

/** Metrics of the connection to the shared registry. */
function registryMetrics(report: RegistryReport): Metric[] {
  const { connected, faults, warnings, heldRemovals } = report;
  return [
    {
      name: "ballast_registry_connected",
      help: "1 if etcd, which holds the shared servers, can be reached, else 0.",
      type: "gauge",
      collect: () => [{ value: connected ? 1 : 0 }],
    },
    {
      name: "ballast_registry_faults",
      help: "Keys of servers and balancers with invalid values, which are ignored.",
      type: "gauge",
      collect: () => [{ value: faults.length }],
    },
    {
      name: "ballast_registry_held_removals",
      help: "Servers that are missing in etcd but still in use.",
      type: "gauge",
      collect: () => [{ value: heldRemovals?.urls.length ?? 0 }],
    },
    {
      name: "ballast_registry_warnings",
      help: "1 for each warning that needs attention, by code.",
      type: "gauge",
      collect: () => warnings.map(({ code }) => ({ labels: { code }, value: 1 })),
    },
  ];
}
