import type { RegistryJson } from "../../admin/registry.ts";
import { formatTime } from "../output/format.ts";
import { count } from "../output/print.ts";

/** The most URLs or keys that a list names. */
const NAMED_MAX = 3;

/** Lines about the shared registry. */
export interface RegistryLines {
  /** The lines. */
  readonly lines: readonly string[];
  /** Whether they report a problem. */
  readonly trouble: boolean;
}

/**
 * Describes a balancer's connection to the shared registry.
 *
 * @param registry The registry's report; undefined if the balancer shares no servers.
 */
export function registryLines(registry: RegistryJson | undefined): RegistryLines {
  if (registry === undefined) return { lines: [], trouble: false };
  const { kind, connected, since, error, revision, balancers, fault_count, warnings, faults } =
    registry;
  const cluster = balancers === undefined ? "" : `, ${count(balancers, "balancer")}`;
  const why = error === null ? "" : `: ${error}`;
  const connection = connected
    ? `${kind} connected since ${formatTime(since)}, revision ${revision}${cluster}`
    : `${kind} DISCONNECTED since ${formatTime(since)}, changes are refused${why}`;
  const invalid = fault_count - warnings.length;
  return {
    lines: [
      connection,
      ...warnings.flatMap(({ code, message }) => [
        `WARNING: ${message}`,
        ...(code === "held_removals" ? missingLines(registry.held_removals) : []),
      ]),
      ...(invalid === 0 ? [] : [`${kind} has invalid values:`]),
      ...listLines(faults.map(({ key, message }) => `${key}: ${message}`), invalid),
    ],
    trouble: !connected || fault_count > 0,
  };
}

function missingLines(held: RegistryJson["held_removals"]): string[] {
  return held === undefined ? [] : listLines(held.urls.map((url) => `missing: ${url}`), held.count);
}

/** The first items of a list, indented, and how many more there are. */
function listLines(items: readonly string[], total: number): string[] {
  const named = items.slice(0, NAMED_MAX).map((item) => `  ${item}`);
  const more = total - named.length;
  return more > 0 ? [...named, `  … and ${more} more`] : named;
}
