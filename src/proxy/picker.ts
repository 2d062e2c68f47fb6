import { getLogger } from "@logtape/logtape";
import { Candidates } from "../core/candidates.ts";
import type { PickContext, Policy } from "../core/policy.ts";
import type { Entry, SlotDirectory } from "../core/registry.ts";
import type { StateTable } from "../core/state_table.ts";

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
   * @param tried The slots that the request has tried already.
   * @param context What is known of the request.
   */
  pick(tried: readonly number[], context: PickContext): Pick {
    const { policy, table, registry } = this.#parts;
    for (let races = 0; races < RACES_MAX; races++) {
      const candidates = this.#candidates.select(tried);
      if (candidates.length === 0) return candidates.full ? "full" : undefined;
      const slot = policy.pick(candidates, table, context);
      if (!table.begin(slot)) continue;
      const entry = registry.inSlot(slot)!;
      if (logger.isEnabledFor("debug")) {
        logger.debug("Picked {url} of {count} ({active} active)", {
          url: entry.server.url,
          count: candidates.length,
          active: table.active(slot),
        });
      }
      return entry;
    }
    return "full";
  }
}
