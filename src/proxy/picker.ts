import { getLogger } from "@logtape/logtape";
import { Candidates, type Selection } from "../state/candidates.ts";
import type { PickContext, Policy } from "../state/policy.ts";
import type { Entry, SlotDirectory } from "../state/registry.ts";
import type { StateTable } from "../state/state_table.ts";
import type { DecisionRecorder, RecordedRequest } from "./decision_recorder.ts";
import { ExplainedPick } from "./explained_pick.ts";

const logger = getLogger(["ballast", "proxy"]);

/** How many times in a row a pick may lose against another thread. */
const RACES_MAX = 8;

/**
 * Result of a pick: a server, at which the request is now active; `full` if every eligible server
 * is at its limit; undefined if no server is eligible.
 */
export type Pick = Entry | "full" | undefined;

/** Options of a {@linkcode Picker}. */
export interface PickerParts {
  /** The servers. */
  readonly registry: SlotDirectory;
  /** State table of the servers. */
  readonly table: StateTable;
  /** Policy that chooses among the candidates. */
  readonly policy: Policy;
  /** Records picks with their reasons. Default: none. */
  readonly recorder?: DecisionRecorder | undefined;
}

/** Request of a pick. */
export interface PickFor {
  /** Slots of its previous attempts. */
  readonly attempted: readonly number[];
  /** Properties of the request that the policy may use. */
  readonly context: PickContext;
  /** The request, if the pick is to be recorded. */
  readonly recorded: RecordedRequest | undefined;
}

/** Picks servers, and counts requests as active there. */
export class Picker {
  readonly #parts: PickerParts;
  readonly #candidates: Candidates;

  /** @param parts The options. */
  constructor(parts: PickerParts) {
    this.#parts = parts;
    this.#candidates = new Candidates(parts.table);
  }

  /**
   * Picks a server and counts the request as active there.
   *
   * @param attempted Slots of previous attempts.
   * @param context Properties of the request that the policy may use.
   * @param recorded The request, if the pick is to be recorded.
   */
  pick(attempted: readonly number[], context: PickContext, recorded?: RecordedRequest): Pick {
    const { policy, table, registry } = this.#parts;
    const explained = recorded !== undefined || logger.isEnabledFor("debug");
    for (let races = 0; races < RACES_MAX; races++) {
      const candidates = this.#candidates.select(attempted);
      if (candidates.full) return "full";
      if (explained) {
        const pick = this.#pickExplained(candidates, { attempted, context, recorded });
        if (pick === "raced") continue;
        return pick;
      }
      if (candidates.length === 0) return undefined;
      const slot = policy.pick(candidates, table, context);
      if (table.begin(slot)) return registry.inSlot(slot)!;
    }
    return "full";
  }

  /** Picks a server in a way that can be explained. */
  #pickExplained(
    candidates: Selection,
    { attempted, context, recorded }: PickFor,
  ): Entry | undefined | "raced" {
    const { table, registry } = this.#parts;
    const pick = new ExplainedPick(this.#parts, candidates, { attempted, context });
    if (pick.slot !== -1 && !table.begin(pick.slot)) return "raced";
    const entry = pick.slot === -1 ? undefined : registry.inSlot(pick.slot)!;
    try {
      this.#report(pick, entry, { candidates: candidates.length, attempted, recorded });
    } catch (error) {
      // The request is active already, and an error thrown here would leave it active for ever.
      logger.error("Cannot explain a pick: {error}", { error });
    }
    return entry;
  }

  #report(
    pick: ExplainedPick,
    entry: Entry | undefined,
    { candidates, attempted, recorded }: Omit<PickFor, "context"> & { readonly candidates: number },
  ): void {
    const { table, recorder } = this.#parts;
    if (recorded !== undefined) {
      const chosen = entry?.server.url;
      recorder?.record(recorded, pick, { attempt: attempted.length + 1, chosen });
    }
    if (logger.isEnabledFor("debug")) {
      logger.debug("Picked {url} of {count} ({active} active): {why}", {
        url: entry?.server.url ?? "no server",
        count: candidates,
        active: entry === undefined ? 0 : table.active(entry.slot),
        why: pick.line(),
      });
    }
  }
}
