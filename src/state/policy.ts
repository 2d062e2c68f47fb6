import type { CandidateList } from "./candidates.ts";
import type { Explainer } from "./explanation.ts";
import type { SlotDirectory } from "./registry.ts";
import type { TableView } from "./table_view.ts";

/** What is known of the request that a server is picked for. */
export interface PickContext {
  /** The client's IP address; undefined where the platform does not tell. */
  readonly clientAddress: string | undefined;
  /**
   * Where sessions are sticky: the slot of the server that the client's session is at. It need not
   * be a candidate. Such a session is kept before a policy is asked, so that policies need not look.
   */
  readonly sessionSlot?: number | undefined;
}

/**
 * A rule for choosing a server.
 *
 * @example A policy of one's own: the first server with nothing to do, else any
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
   * Called once, before the first pick, with where the server in a slot is found. A policy that goes
   * by more than weights and active requests, such as names, keeps this.
   *
   * @param servers The servers by slot.
   */
  attach?(servers: SlotDirectory): void;
  /**
   * Chooses one of the candidates, at once. Counting the choice as active is the caller's part.
   *
   * @param candidates The slots to choose from; at least one, each with a weight above 0. Valid
   * until this returns; not to be written to.
   * @param table What is known of the server in each slot.
   * @param context What is known of the request.
   * @returns The chosen slot.
   */
  pick(candidates: CandidateList, table: TableView, context: PickContext): number;
  /**
   * Tells how it sees the candidates. Called only while somebody wants to know, right before each
   * pick and with the same arguments; the table then stays as it is until the pick is explained.
   * A policy without it is said to have chosen, and nothing more.
   *
   * @param candidates See {@linkcode Policy.pick}.
   * @param table See {@linkcode Policy.pick}.
   * @param context See {@linkcode Policy.pick}.
   * @returns What explains the pick, once it was made.
   */
  explain?(candidates: CandidateList, table: TableView, context: PickContext): Explainer;
}
