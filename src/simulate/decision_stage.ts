import type { DecisionJson } from "../admin/decisions.ts";
import { Candidates, type Selection } from "../state/candidates.ts";
import { type Entry, Registry } from "../state/registry.ts";
import type { ServerInit } from "../model/server.ts";
import type { EjectionState } from "../model/ejection_state.ts";
import { StateTable } from "../state/state_table.ts";
import { isIneligibleForRequest } from "../proxy/ineligible_reason.ts";

type RecordedCandidate = DecisionJson["candidates"][number];

/**
 * A registry, a state table and its candidates that are made to look as they did when a decision was
 * recorded, so that a policy can decide again.
 */
export class DecisionStage {
  readonly #configured: ReadonlyMap<string, Entry>;
  readonly #candidates: Candidates;
  /** The servers of all decisions. */
  readonly registry: Registry;
  /** Their state in the last decision that was shown. */
  readonly table: StateTable;

  /**
   * @param decisions All that will be shown.
   * @param configured Servers whose weights and limits count in place of the recorded ones.
   */
  constructor(decisions: readonly DecisionJson[], configured: readonly ServerInit[]) {
    const servers = new Map<string, ServerInit>();
    const recorded = decisions.flatMap(({ candidates }) => candidates);
    this.table = new StateTable(configured.length + new Set(recorded.map(({ url }) => url)).size);
    this.registry = new Registry(this.table);
    this.registry.addAll(configured);
    this.#configured = new Map(this.registry.entries().map((entry) => [entry.server.url, entry]));
    for (const { url, name } of recorded) {
      if (!this.#configured.has(url)) servers.set(url, { url, name });
    }
    this.registry.addAll([...servers.values()]);
    this.#candidates = new Candidates(this.table);
  }

  /**
   * Makes everything look as it did before a decision.
   *
   * @returns What its request could go to.
   */
  show({ candidates }: DecisionJson): Selection {
    const listed = new Map(candidates.map((candidate) => [candidate.url, candidate]));
    const tried: number[] = [];
    for (const entry of this.registry.entries()) {
      const candidate = listed.get(entry.server.url);
      // Nothing is known of those that are not listed.
      if (candidate === undefined) this.table.setWeight(entry.slot, 0);
      else this.#set(entry, candidate);
      if (candidate !== undefined && isIneligibleForRequest(candidate.code)) tried.push(entry.slot);
    }
    return this.#candidates.select(tried);
  }

  #set({ server: { url }, slot }: Entry, { state, weight, active }: RecordedCandidate): void {
    const { table } = this;
    const server = this.#configured.get(url)?.server;
    // No limit stands in the way of what was.
    table.setLimit(slot, 0);
    while (table.active(slot) < active) table.begin(slot);
    while (table.active(slot) > active) table.finish(slot);
    table.setLimit(slot, server?.maxConnections ?? 0);
    const whole = server === undefined ? Math.ceil(weight) : server.weight;
    table.setWeight(slot, state === "draining" ? 0 : whole);
    // What is less than its weight while it grows is a fraction, to a thousandth.
    table.setShare(slot, server === undefined && weight > 0 ? weight / whole : 1);
    table.setHealthy(slot, state !== "unhealthy");
    table.setEjectionState(slot, ejectionStateOf(state));
  }
}

function ejectionStateOf(state: RecordedCandidate["state"]): EjectionState {
  if (state === "ejected") return "ejected";
  return state === "on_trial" ? "probing" : "active";
}
