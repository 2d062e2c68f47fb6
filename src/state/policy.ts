import type { CandidateList } from "./candidates.ts";
import type { Server } from "../model/server.ts";
import type { Explanation } from "./explanation.ts";
import type { TableView } from "./table_view.ts";

/** Properties of a request that a policy may use. */
export interface PickContext {
  /** IP address of the client; undefined if unknown. */
  readonly clientAddress: string | undefined;
  /**
   * With sticky sessions, the slot of the session's server, which may not be a candidate. Sticky
   * sessions are handled before the policy is called, so policies can ignore this.
   */
  readonly sessionSlot?: number | undefined;
}

/**
 * A policy, which chooses the server for each request.
 *
 * @example A custom policy: the first idle server, otherwise a random one
 * ```ts
 * import { type CandidateList, LoadBalancer, type Policy, type TableView } from "@ballast/lb";
 *
 * class FirstIdle implements Policy {
 *   pick({ slots, length }: CandidateList, table: TableView): number {
 *     for (let i = 0; i < length; i++) {
 *       if (table.active(slots[i]!) === 0) return slots[i]!;
 *     }
 *     return slots[Math.floor(Math.random() * length)]!;
 *   }
 * }
 *
 * await using balancer = new LoadBalancer({ policy: new FirstIdle() });
 * ```
 */
export interface Policy {
  /**
   * Called once, before the first pick. A policy that needs more than weights and active requests,
   * such as server names, can keep `serverIn` and call it later.
   *
   * @param serverIn Returns the server in a slot; undefined for a free slot.
   */
  attach?(serverIn: (slot: number) => Server | undefined): void;
  /**
   * Chooses one of the candidates, synchronously. The caller counts the request as active.
   *
   * @param candidates The slots to choose from: at least one, each with a weight above 0.
   * Read-only, and valid only until this returns.
   * @param table The state of the server in each slot.
   * @param context The request.
   * @returns The chosen slot.
   */
  pick(candidates: CandidateList, table: TableView, context: PickContext): number;
  /**
   * Prepares the explanation of a pick. Called only while decisions are recorded, just before
   * `pick` and with the same arguments; the table does not change until the pick is explained.
   * Without this method, decisions only show which server was chosen.
   *
   * @param candidates See {@linkcode Policy.pick}.
   * @param table See {@linkcode Policy.pick}.
   * @param context See {@linkcode Policy.pick}.
   * @returns A function that takes the chosen slot and explains the choice.
   */
  explain?(
    candidates: CandidateList,
    table: TableView,
    context: PickContext,
  ): (chosen: number) => Explanation;
}
