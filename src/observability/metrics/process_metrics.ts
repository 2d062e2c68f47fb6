import type { Metric } from "./metric.ts";

/** What this runtime has of Node's `process`. */
interface ProcessScope {
  readonly process?: { readonly memoryUsage?: () => { readonly rss: number } };
}

/**
 * What runs here, since when, and how much memory it takes, as far as the runtime tells without any
 * permission.
 *
 * @param version Ballast's version.
 */
export function processMetrics(version: string): Metric[] {
  const memory = residentMemory();
  return [
    {
      name: "ballast_build_info",
      help: "Always 1; the version of Ballast, and what it runs on.",
      type: "gauge",
      collect: () => [{ labels: { version, runtime: navigator.userAgent }, value: 1 }],
    },
    {
      name: "process_start_time_seconds",
      help: "When the process was started, in seconds since the beginning of 1970.",
      type: "gauge",
      collect: () => [{ value: performance.timeOrigin / 1000 }],
    },
    ...(memory === undefined ? [] : [
      {
        name: "process_resident_memory_bytes",
        help: "The memory that the process has in use, in bytes.",
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
    // A runtime that does not tell is no reason to tell nothing.
    return undefined;
  }
}
