import type { CandidateList } from "../core/candidates.ts";
import { BalancerError } from "../core/errors.ts";
import type { PickContext, Policy } from "../core/policy.ts";
import type { TableView } from "../core/table_view.ts";
import { isCandidate } from "./keep_sessions.ts";

/** Lets a policy that a caller has written choose, and sees to it that it chooses a candidate. */
export class GuardedPolicy implements Policy {
  readonly #policy: Policy;

  /** @param policy The caller's policy. */
  constructor(policy: Policy) {
    this.#policy = policy;
  }

  /**
   * Chooses what the caller's policy chooses.
   *
   * @throws {BalancerError} `internal`, if that is no candidate; and what the policy throws.
   */
  pick(candidates: CandidateList, table: TableView, context: PickContext): number {
    const slot = this.#policy.pick(candidates, table, context);
    if (isCandidate(candidates, slot)) return slot;
    throw new BalancerError(
      "internal",
      `Cannot pick a server: the policy returned ${
        String(slot)
      }, which is not among the candidates`,
    );
  }
}
