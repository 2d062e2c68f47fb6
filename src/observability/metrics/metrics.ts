import type { RegistryReport } from "../../model/registry_report.ts";
import type { ServerStatus } from "../../model/server_status.ts";
import type { Traffic } from "../../state/traffic_table.ts";
import { writeExposition } from "./exposition.ts";
import { overallMetrics } from "./overall_metrics.ts";
import { processMetrics } from "./process_metrics.ts";
import { registryMetrics } from "./registry_metrics.ts";
import { serverStateMetrics, serverTrafficMetrics } from "./server_metrics.ts";

/** What metrics are made of. */
export interface MetricSources {
  /** The servers and how they are doing. */
  readonly servers: readonly ServerStatus[];
  /** What was counted. */
  readonly traffic: Traffic;
  /** How it is connected to what keeps the servers; undefined where the balancer is alone. */
  readonly registry?: RegistryReport | undefined;
  /** Ballast's version. */
  readonly version: string;
}

/**
 * All metrics in Prometheus' text format. Where requests are not counted, what would count them is
 * left out: a zero would say that there are none.
 *
 * @param sources What they are made of.
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
