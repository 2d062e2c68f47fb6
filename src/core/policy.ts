import type { CandidateList } from "./candidates.ts";
import type { StateTable } from "./state_table.ts";

/** What is known of the request that a server is picked for. */
export interface PickContext {
  /** The client's IP address; undefined where the platform does not tell. */
  readonly clientAddress: string | undefined;
}

/** A rule for choosing a server. */
export interface Policy {
  /**
   * Chooses one of the candidates. Counting the choice as active is the caller's part.
   *
   * @param candidates The slots to choose from; at least one, each with a weight above 0.
   * @param table What is known of the server in each slot.
   * @param context What is known of the request.
   * @returns The chosen slot.
   */
  pick(candidates: CandidateList, table: StateTable, context: PickContext): number;
}
