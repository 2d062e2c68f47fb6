import type { RegistryReport } from "../../model/registry_report.ts";
import type { Metric } from "./metric.ts";

/**
 * How a balancer is connected to what keeps the servers for several balancers.
 *
 * @param report What it says of that.
 */
export function registryMetrics(report: RegistryReport): Metric[] {
  const { connected, faults, warnings, heldRemovals } = report;
  return [
    {
      name: "ballast_registry_connected",
      help: "1 if what keeps the servers for several balancers can be reached, else 0.",
      type: "gauge",
      collect: () => [{ value: connected ? 1 : 0 }],
    },
    {
      name: "ballast_registry_faults",
      help: "Keys of servers and balancers that are not used as they are.",
      type: "gauge",
      collect: () => [{ value: faults.length }],
    },
    {
      name: "ballast_registry_held_removals",
      help: "Servers that are missing where they are kept and that are still in use.",
      type: "gauge",
      collect: () => [{ value: heldRemovals?.urls.length ?? 0 }],
    },
    {
      name: "ballast_registry_warnings",
      help: "1 for each thing that a person has to look at, by what it is.",
      type: "gauge",
      collect: () => warnings.map(({ code }) => ({ labels: { code }, value: 1 })),
    },
  ];
}
