import type { DecisionJson } from "../admin/decisions.ts";
import type { EjectionState } from "../model/ejection_state.ts";
import type { ServerInit } from "../model/server.ts";
import { isIneligibleForRequest } from "../state/ineligible_reason.ts";
import { type Entry, Registry } from "../state/registry.ts";
import { StateTable } from "../state/state_table.ts";

type RecordedCandidate = DecisionJson["candidates"][number];

/** Registry and state table that can be restored to the moment of any recorded decision. */
export class RecordedState {
  readonly #configured: ReadonlyMap<string, Entry>;
  /** The servers of all decisions. */
  readonly registry: Registry;
  /** Their state at the restored decision. */
  readonly table: StateTable;

  /**
   * @param decisions The recorded decisions.
   * @param configured Servers whose weights and limits override the recorded ones.
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
  }

  /**
   * Restores the state just before a decision.
   *
   * @returns Slots of the servers that its request could not go to, whatever their state.
   */
  restore({ candidates }: DecisionJson): number[] {
    const listed = new Map(candidates.map((candidate) => [candidate.url, candidate]));
    const attempted: number[] = [];
    for (const entry of this.registry.entries()) {
      const candidate = listed.get(entry.server.url);
      // The state of a server that is not listed is unknown.
      if (candidate === undefined) this.table.setWeight(entry.slot, 0);
      else this.#set(entry, candidate);
      if (candidate !== undefined && isIneligibleForRequest(candidate.code)) {
        attempted.push(entry.slot);
      }
    }
    return attempted;
  }

  #set({ server: { url }, slot }: Entry, { state, weight, active }: RecordedCandidate): void {
    const { table } = this;
    const server = this.#configured.get(url)?.server;
    // Without a limit, so that any number of active requests can be restored.
    table.setLimit(slot, 0);
    while (table.active(slot) < active) table.begin(slot);
    while (table.active(slot) > active) table.finish(slot);
    table.setLimit(slot, server?.maxConnections ?? 0);
    const whole = server === undefined ? Math.ceil(weight) : server.weight;
    table.setWeight(slot, state === "draining" ? 0 : whole);
    // During slow start the recorded weight is a fraction.
    table.setShare(slot, server === undefined && weight > 0 ? weight / whole : 1);
    table.setHealthy(slot, state !== "unhealthy");
    table.setEjectionState(slot, ejectionStateOf(state));
  }
}

function ejectionStateOf(state: RecordedCandidate["state"]): EjectionState {
  if (state === "ejected") return "ejected";
  return state === "on_trial" ? "probing" : "active";
}
