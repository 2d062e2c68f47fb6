import type { CandidateList } from "./candidates.ts";
import type { Server } from "../model/server.ts";
import type { Explanation } from "./explanation.ts";
import type { TableView } from "./table_view.ts";

/** Properties of a request that a policy may use. */
export interface PickContext {
  /** IP address of the client; undefined if unknown. */
  readonly clientAddress: string | undefined;
  /**
   * With session affinity, the slot of the session's server, which need not be a candidate. Sessions
   * are kept before the policy is asked, so that policies can ignore it.
   */
  readonly sessionSlot?: number | undefined;
}

/**
 * A policy: the rule for choosing a server.
 *
 * @example A custom policy: the first idle server, else a random one
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
   * such as names, keeps the function.
   *
   * @param serverIn Returns the server in a slot; undefined for a free slot.
   */
  attach?(serverIn: (slot: number) => Server | undefined): void;
  /**
   * Chooses one of the candidates, synchronously. The caller counts the request as active.
   *
   * @param candidates The slots to choose from; at least one, each with a weight above 0. Valid
   * until this returns, and read-only.
   * @param table The state of the server in each slot.
   * @param context The request.
   * @returns The chosen slot.
   */
  pick(candidates: CandidateList, table: TableView, context: PickContext): number;
  /**
   * Prepares the explanation of a pick. Called only while decisions are recorded, right before the
   * pick and with the same arguments; the table does not change until the pick is explained. Without
   * it, decisions only show which server the policy chose.
   *
   * @param candidates See {@linkcode Policy.pick}.
   * @param table See {@linkcode Policy.pick}.
   * @param context See {@linkcode Policy.pick}.
   * @returns A function that explains the pick of the slot that it is called with.
   */
  explain?(
    candidates: CandidateList,
    table: TableView,
    context: PickContext,
  ): (chosen: number) => Explanation;
}
