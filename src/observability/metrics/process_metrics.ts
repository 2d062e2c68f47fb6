import type { Metric } from "./exposition.ts";

/** The part of Node's `process` in use here. */
interface ProcessScope {
  readonly process?: { readonly memoryUsage?: () => { readonly rss: number } };
}

/**
 * Metrics of the process: version, start time and memory, as far as the runtime exposes them
 * without permissions.
 *
 * @param version Ballast's version.
 */
export function processMetrics(version: string): Metric[] {
  const memory = residentMemory();
  return [
    {
      name: "ballast_build_info",
      help: "Always 1, with the version of Ballast and the runtime as labels.",
      type: "gauge",
      collect: () => [{ labels: { version, runtime: navigator.userAgent }, value: 1 }],
    },
    {
      name: "process_start_time_seconds",
      help: "Start time of the process in seconds since the Unix epoch.",
      type: "gauge",
      collect: () => [{ value: performance.timeOrigin / 1000 }],
    },
    ...(memory === undefined ? [] : [
      {
        name: "process_resident_memory_bytes",
        help: "Resident memory of the process in bytes.",
        type: "gauge",
        collect: () => [{ value: memory }],
      } as const,
    ]),
  ];
}

function residentMemory(): number | undefined {
  try {
    return (globalThis as ProcessScope).process?.memoryUsage?.().rss;
  } catch {
    // Other metrics do not depend on it.
    return undefined;
  }
}
