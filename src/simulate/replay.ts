import type { DecisionJson } from "../admin/decisions.ts";
import type { Config } from "../config/config.ts";
import type { PolicyName } from "../model/settings.ts";
import { compareLoads } from "../policies/load.ts";
import { makePolicy } from "../policies/make_policy.ts";
import { DecisionStage } from "./decision_stage.ts";
import { RandomStreams } from "./random.ts";

export { readDecisions } from "./decision_input.ts";

/** A server as it was when another one was picked than was recorded. */
export interface ReplayedServerJson {
  /** Its URL. */
  readonly url: string;
  /** Its name. */
  readonly name: string;
  /** The weight that counted. */
  readonly weight: number;
  /** How many requests it was working on. */
  readonly active: number;
}

/** A decision that the policy would have made otherwise. */
export interface DifferenceJson {
  /** The decision's number. */
  readonly number: number;
  /** When it was made, as RFC 3339. */
  readonly at: string;
  /** The request's path. */
  readonly path: string;
  /** The server that was picked; null for none. */
  readonly recorded: ReplayedServerJson | null;
  /** The one that the policy picks; null for none. */
  readonly picked: ReplayedServerJson | null;
  /** Whether both had the same load for their weight, so that one is as good as the other. */
  readonly equal_load: boolean;
}

/** How often a server was picked. */
export interface ReplayShareJson {
  /** Its URL. */
  readonly url: string;
  /** Its name. */
  readonly name: string;
  /** How often it was picked when the decisions were recorded. */
  readonly recorded: number;
  /** How often the policy picks it. */
  readonly picked: number;
}

/** What a policy makes of recorded decisions. */
export interface ReplayJson {
  /** The policy. */
  readonly policy: PolicyName;
  /** How many decisions there are. */
  readonly decisions: number;
  /** How many of them it makes otherwise. */
  readonly different: number;
  /** How many of those only choose between servers with the same load. */
  readonly equal_load: number;
  /** How many decisions did not list all servers, so that it could not pick some. */
  readonly incomplete: number;
  /** The servers, those with the most picks first. */
  readonly servers: readonly ReplayShareJson[];
  /** What it makes otherwise, in the order in which it was recorded. */
  readonly differences: readonly DifferenceJson[];
}

/** What to replay with. */
export interface ReplayOptions {
  /** The policy that decides. */
  readonly policy: PolicyName;
  /** Whose weights and limits count in place of the recorded ones. Default: nobody's. */
  readonly config?: Config | undefined;
  /** What all chance follows from, 0 to 2³² − 1. */
  readonly seed: number;
}

/**
 * Lets a policy decide again what was decided, each time by what was known then. What it picks
 * changes nothing for the decisions that follow, whose loads are those that were recorded: what would
 * have become of it, only a simulation can tell.
 *
 * @param decisions What was recorded, in order.
 * @param options What to replay with.
 */
export function replay(
  decisions: readonly DecisionJson[],
  { policy: name, config, seed }: ReplayOptions,
): ReplayJson {
  const stage = new DecisionStage(decisions, config?.servers ?? []);
  const { registry, table } = stage;
  const random = new RandomStreams(seed).stream().next;
  const policy = makePolicy(name, { servers: registry, keepSessions: false, random });
  const recorded = new Map<string, number>();
  const replayed = new Map<string, number>();
  const differences: DifferenceJson[] = [];
  for (const decision of decisions) {
    const candidates = stage.show(decision);
    const clientAddress = decision.request.client ?? undefined;
    const slot = candidates.length === 0
      ? undefined
      : policy.pick(candidates, table, { clientAddress });
    const picked = slot === undefined ? null : registry.inSlot(slot)!.server.url;
    const { chosen, number, at, request: { path } } = decision;
    count(recorded, chosen);
    count(replayed, picked);
    if (picked === chosen) continue;
    differences.push({
      ...{ number, at, path },
      recorded: describe(stage, chosen),
      picked: describe(stage, picked),
      equal_load: isAsGood(stage, chosen, slot),
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
  { registry, table }: DecisionStage,
  chosen: string | null,
  slot: number | undefined,
): boolean {
  const recorded = chosen === null ? undefined : registry.find(chosen);
  if (recorded === undefined || slot === undefined) return false;
  return compareLoads(recorded.slot, slot, table) === 0;
}

function describe(
  { registry, table }: DecisionStage,
  url: string | null,
): ReplayedServerJson | null {
  if (url === null) return null;
  // Whoever has edited the file may have left out the one that was chosen.
  const entry = registry.find(url);
  if (entry === undefined) return { url, name: url, weight: 0, active: 0 };
  const { server: { name }, slot } = entry;
  return { url, name, weight: table.weight(slot), active: table.active(slot) };
}
