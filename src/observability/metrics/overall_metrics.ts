import type { Traffic } from "../../state/traffic_table.ts";
import type { Metric } from "./metric.ts";

/**
 * What was counted that concerns no server.
 *
 * @param traffic The counts.
 */
export function overallMetrics({ refusals, waiting, waited }: Traffic["overall"]): Metric[] {
  return [
    {
      name: "ballast_refused_requests_total",
      help: "Requests that no server's response answered, by why.",
      type: "counter",
      collect: () => refusals.map(([reason, value]) => ({ labels: { reason }, value })),
    },
    {
      name: "ballast_waiting_requests",
      help: "Requests that wait for a server that may take them.",
      type: "gauge",
      collect: () => [{ value: waiting }],
    },
    {
      name: "ballast_waited_requests_total",
      help: "Requests that had to wait for a server that may take them.",
      type: "counter",
      collect: () => [{ value: waited }],
    },
  ];
}
