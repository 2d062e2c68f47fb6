import type { DecisionJson } from "../admin/decisions.ts";
import type { Config } from "../config/config.ts";
import type { PolicyName } from "../model/settings.ts";
import { compareLoads } from "../policies/load.ts";
import { makePolicy } from "../policies/make_policy.ts";
import { Picker } from "../proxy/picker.ts";
import type { Entry } from "../state/registry.ts";
import { RandomStreams } from "./random.ts";
import { RecordedState } from "./recorded_state.ts";

export { readDecisions } from "./read_decisions.ts";

/** A server at the moment of a decision that the policy would have made differently. */
export interface ReplayedServerJson {
  /** Its URL. */
  readonly url: string;
  /** Its name. */
  readonly name: string;
  /** Its effective weight. */
  readonly weight: number;
  /** Number of its active requests. */
  readonly active: number;
}

/** A decision that the policy would have made differently. */
export interface DifferenceJson {
  /** Number of the decision. */
  readonly number: number;
  /** Time of the decision, as RFC 3339. */
  readonly at: string;
  /** Path of the request. */
  readonly path: string;
  /** The server that was picked; null for none. */
  readonly recorded: ReplayedServerJson | null;
  /** The server that the policy picks; null for none. */
  readonly picked: ReplayedServerJson | null;
  /** Whether both have the same load relative to their weight, so that either is as good. */
  readonly equal_load: boolean;
}

/** How often a server was picked. */
export interface ReplayShareJson {
  /** Its URL. */
  readonly url: string;
  /** Its name. */
  readonly name: string;
  /** Number of recorded decisions for it. */
  readonly recorded: number;
  /** Number of the policy's decisions for it. */
  readonly picked: number;
}

/** Result of replaying recorded decisions with a policy. */
export interface ReplayJson {
  /** The policy. */
  readonly policy: PolicyName;
  /** Number of decisions. */
  readonly decisions: number;
  /** Number of decisions that the policy makes differently. */
  readonly different: number;
  /** How many of those only choose between servers with the same load. */
  readonly equal_load: number;
  /** Number of decisions that did not list all servers, so that some could not be picked. */
  readonly incomplete: number;
  /** The servers, those with the most recorded picks first. */
  readonly servers: readonly ReplayShareJson[];
  /** The decisions that the policy makes differently, in the recorded order. */
  readonly differences: readonly DifferenceJson[];
}

/** Options of {@linkcode replay}. */
export interface ReplayOptions {
  /** The policy. */
  readonly policy: PolicyName;
  /** Configuration whose weights and limits override the recorded ones. Default: none. */
  readonly config?: Config | undefined;
  /** Random seed, 0 to 2³² − 1. */
  readonly seed: number;
}

/**
 * Makes recorded decisions again with a policy, each from the state that was recorded with it. A
 * different pick does not affect later decisions, whose loads are the recorded ones; only a simulation
 * can show its consequences.
 *
 * @param decisions The recorded decisions, in order.
 * @param options The options.
 */
export function replay(
  decisions: readonly DecisionJson[],
  { policy: name, config, seed }: ReplayOptions,
): ReplayJson {
  const state = new RecordedState(decisions, config?.servers ?? []);
  const { registry, table } = state;
  const random = new RandomStreams(seed).stream().next;
  const policy = makePolicy(name, { servers: registry, keepSessions: false, random });
  const picker = new Picker({ registry, table, policy });
  const recorded = new Map<string, number>();
  const replayed = new Map<string, number>();
  const differences: DifferenceJson[] = [];
  for (const decision of decisions) {
    const attempted = state.restore(decision);
    const pick = picker.pick(attempted, { clientAddress: decision.request.client ?? undefined });
    const entry = typeof pick === "object" ? pick : undefined;
    if (entry !== undefined) table.finish(entry.slot);
    const picked = entry?.server.url ?? null;
    const { chosen, number, at, request: { path } } = decision;
    count(recorded, chosen);
    count(replayed, picked);
    if (picked === chosen) continue;
    differences.push({
      ...{ number, at, path },
      recorded: describe(state, chosen),
      picked: describe(state, picked),
      equal_load: isAsGood(state, chosen, entry),
    });
  }
  const servers = registry.entries().map(({ server: { url, name } }) => ({
    ...{ url, name },
    recorded: recorded.get(url) ?? 0,
    picked: replayed.get(url) ?? 0,
  }));
  return {
    policy: name,
    decisions: decisions.length,
    different: differences.length,
    equal_load: differences.filter(({ equal_load }) => equal_load).length,
    incomplete: decisions.filter(({ omitted }) => omitted > 0).length,
    servers: servers.sort((one, other) => other.recorded - one.recorded),
    differences,
  };
}

function count(counts: Map<string, number>, url: string | null): void {
  if (url !== null) counts.set(url, (counts.get(url) ?? 0) + 1);
}

function isAsGood(
  { registry, table }: RecordedState,
  chosen: string | null,
  picked: Entry | undefined,
): boolean {
  const recorded = chosen === null ? undefined : registry.find(chosen);
  if (recorded === undefined || picked === undefined) return false;
  return compareLoads(recorded.slot, picked.slot, table) === 0;
}

function describe(
  { registry, table }: RecordedState,
  url: string | null,
): ReplayedServerJson | null {
  if (url === null) return null;
  // An edited file may not list the server that was chosen.
  const entry = registry.find(url);
  if (entry === undefined) return { url, name: url, weight: 0, active: 0 };
  const { server: { name }, slot } = entry;
  return { url, name, weight: table.weight(slot), active: table.active(slot) };
}
