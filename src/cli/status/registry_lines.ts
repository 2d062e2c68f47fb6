import type { RegistryJson } from "../../admin/registry.ts";

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
  const keys = fault_count - warnings.length;
  const more = keys - named.length;
  return {
    lines: [
      first,
      ...warnings.flatMap(({ code, message }) => [
        `WARNING: ${message}`,
        ...(code === "held_removals" ? missingLines(registry.held_removals) : []),
      ]),
      ...(keys === 0 ? [] : [`${kind} has keys that are not used as they are:`]),
      ...named,
      ...(more > 0 ? [`  and ${more} more`] : []),
    ],
    trouble: !connected || fault_count > 0,
  };
}

/** The servers that are missing, under the warning about them. */
function missingLines(held: RegistryJson["held_removals"]): string[] {
  if (held === undefined) return [];
  const named = held.urls.slice(0, NAMED_MAX).map((url) => `  missing: ${url}`);
  const more = held.count - named.length;
  return more > 0 ? [...named, `  and ${more} more`] : named;
}

function sharers(balancers: number | undefined): string {
  if (balancers === undefined) return "";
  return `, ${balancers} balancer${balancers === 1 ? "" : "s"}`;
}
