import type { CandidateList } from "./candidates.ts";
import type { Explainer } from "./explanation.ts";
import type { SlotDirectory } from "./registry.ts";
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
   * Called once, before the first pick. A policy that depends on more than weights and active requests,
   * such as names, keeps the directory.
   *
   * @param servers The servers by slot.
   */
  attach?(servers: SlotDirectory): void;
  /**
   * Picks one of the candidates, synchronously. The caller counts the request as active.
   *
   * @param candidates Slots of the candidates, at least one, each with a weight above 0. Valid until
   * this returns; do not write to it.
   * @param table State of the servers.
   * @param context Properties of the request.
   * @returns The slot that was picked.
   */
  pick(candidates: CandidateList, table: TableView, context: PickContext): number;
  /**
   * Prepares the explanation of a pick. Called only while decisions are recorded or logged, right
   * before each pick and with the same arguments; the table does not change until the pick is
   * explained. Without this method, explanations only say that the policy chose.
   *
   * @param candidates See {@linkcode Policy.pick}.
   * @param table See {@linkcode Policy.pick}.
   * @param context See {@linkcode Policy.pick}.
   * @returns Explains the pick once it is made.
   */
  explain?(candidates: CandidateList, table: TableView, context: PickContext): Explainer;
}
