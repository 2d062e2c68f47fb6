import type { RegistryJson } from "../../../mod.ts";

/** How many keys that are not used are named. */
const NAMED_MAX = 3;

/** Lines about what several balancers share, and whether they are about trouble. */
export interface RegistryLines {
  /** The lines. */
  readonly lines: readonly string[];
  /** Whether something is wrong. */
  readonly trouble: boolean;
}

/**
 * What is to be said of how a balancer is connected to what several share.
 *
 * @param registry What the balancer says of it; undefined where it is alone.
 */
export function registryLines(registry: RegistryJson | undefined): RegistryLines {
  if (registry === undefined) return { lines: [], trouble: false };
  const { kind, connected, since, error, revision, balancers, fault_count, warnings, faults } =
    registry;
  const time = since.replace("T", " ").replace(/\.\d+Z$/, " UTC");
  const why = error === null ? "" : `: ${error}`;
  const first = connected
    ? `${kind} reached since ${time}, revision ${revision}${sharers(balancers)}`
    : `${kind} AWAY since ${time}, and changes are refused${why}`;
  const named = faults.slice(0, NAMED_MAX).map(({ key, message }) => `  ${key}: ${message}`);
  const missing = registry.held_removals?.urls.slice(0, NAMED_MAX) ?? [];
  const others = (registry.held_removals?.count ?? 0) - missing.length;
  const keys = fault_count - warnings.length;
  const more = keys - named.length;
  return {
    lines: [
      first,
      ...warnings.map(({ message }) => `WARNING: ${message}`),
      ...missing.map((url) => `  missing: ${url}`),
      ...(others > 0 ? [`  and ${others} more`] : []),
      ...(keys === 0 ? [] : [`${kind} has keys that are not used as they are:`]),
      ...named,
      ...(more > 0 ? [`  and ${more} more`] : []),
    ],
    trouble: !connected || fault_count > 0,
  };
}

function sharers(balancers: number | undefined): string {
  if (balancers === undefined) return "";
  return `, ${balancers} balancer${balancers === 1 ? "" : "s"}`;
}
