import type { CandidateList } from "./candidates.ts";
import type { StateTable } from "./state_table.ts";

/** A rule for choosing a server. */
export interface Policy {
  /**
   * Chooses one of the candidates. Counting the choice as active is the caller's part.
   *
   * @param candidates The slots to choose from; at least one, each with a weight above 0.
   * @param table What is known of the server in each slot.
   * @returns The chosen slot.
   */
  pick(candidates: CandidateList, table: StateTable): number;
}
