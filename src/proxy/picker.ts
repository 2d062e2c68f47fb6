import { getLogger } from "@logtape/logtape";
import { Candidates, type Selection } from "../state/candidates.ts";
import type { PickContext, Policy } from "../state/policy.ts";
import type { Entry, SlotDirectory } from "../state/registry.ts";
import type { StateTable } from "../state/state_table.ts";
import type { DecisionRecorder, RecordedRequest } from "./decision_recorder.ts";
import { ExplainedPick } from "./explained_pick.ts";

const logger = getLogger(["ballast", "proxy"]);

/** How many times in a row a pick may find that another thread was faster. */
const RACES_MAX = 8;

/**
 * What a pick came to: a server, in whose count the request is now; `full` if each server that the
 * request could go to works on as many as it may; undefined if there is none at all.
 */
export type Pick = Entry | "full" | undefined;

/** What a {@linkcode Picker} works with. */
export interface PickerParts {
  /** The servers. */
  readonly registry: SlotDirectory;
  /** Their state. */
  readonly table: StateTable;
  /** The rule by which one is chosen. */
  readonly policy: Policy;
  /** What records why. Default: nothing does. */
  readonly recorder?: DecisionRecorder | undefined;
}

/** What a pick is made for. */
export interface PickFor {
  /** The slots that the request has tried already. */
  readonly attempted: readonly number[];
  /** What is known of the request. */
  readonly context: PickContext;
  /** The request, if it is to be recorded why it goes where it goes. */
  readonly recorded: RecordedRequest | undefined;
}

/** Picks servers and counts the requests that they get. */
export class Picker {
  readonly #parts: PickerParts;
  readonly #candidates: Candidates;

  /** @param parts What to work with. */
  constructor(parts: PickerParts) {
    this.#parts = parts;
    this.#candidates = new Candidates(parts.table);
  }

  /**
   * Picks a server and counts the request as active there.
   *
   * @param attempted The slots that the request has tried already.
   * @param context What is known of the request.
   * @param recorded The request, if it is to be recorded why it goes where it goes.
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

  /** The same for a request where somebody wants to know why. */
  #pickExplained(
    candidates: Selection,
    { attempted, context, recorded }: PickFor,
  ): Entry | undefined | "raced" {
    const { table, registry } = this.#parts;
    const pick = new ExplainedPick(this.#parts, candidates, { attempted, context });
    if (pick.slot !== -1 && !table.begin(pick.slot)) return "raced";
    const entry = pick.slot === -1 ? undefined : registry.inSlot(pick.slot)!;
    try {
      this.#tell(pick, entry, { candidates: candidates.length, attempted, recorded });
    } catch (error) {
      // The request is counted already; thrown from here, that would never be undone.
      logger.error("Cannot tell why a server was picked: {error}", { error });
    }
    return entry;
  }

  #tell(
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
