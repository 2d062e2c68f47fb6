import { type CandidateList, isCandidate } from "../state/candidates.ts";
import { type Explainer, explainNothing } from "../state/explanation.ts";
import type { PickContext, Policy } from "../state/policy.ts";
import type { TableView } from "../state/table_view.ts";

/**
 * Session affinity: picks the server of the client's session while it is a candidate, that is, while
 * it has a weight above 0, is trusted (or no server is), is below its limit, and was not tried by this
 * request. Otherwise another policy picks.
 */
export class StickyPolicy implements Policy {
  readonly #policy: Policy;

  /** @param policy Policy for clients without a session. */
  constructor(policy: Policy) {
    this.#policy = policy;
  }

  /** Picks the session's server, or what the other policy picks. */
  pick(candidates: CandidateList, table: TableView, context: PickContext): number {
    const { sessionSlot } = context;
    if (sessionSlot !== undefined && isCandidate(candidates, sessionSlot)) return sessionSlot;
    return this.#policy.pick(candidates, table, context);
  }

  /** Explains a pick by the session, or as the other policy does. */
  explain(candidates: CandidateList, table: TableView, context: PickContext): Explainer {
    const { sessionSlot } = context;
    if (sessionSlot !== undefined && isCandidate(candidates, sessionSlot)) {
      const others = [...candidates.slots.subarray(0, candidates.length)]
        .filter((slot) => slot !== sessionSlot);
      return (chosen) => ({
        ranking: [sessionSlot, ...others],
        note: (slot) => ({
          key: undefined,
          code: "other_session",
          verdict: slot === chosen
            ? "the client's session is here, as its cookie says"
            : "the client's cookie names another",
        }),
      });
    }
    const explain = this.#policy.explain?.(candidates, table, context) ??
      explainNothing(candidates);
    if (sessionSlot === undefined) return explain;
    return (chosen) => {
      const explanation = explain(chosen);
      return {
        ranking: explanation.ranking,
        note: (slot) => {
          const note = explanation.note(slot);
          const prefix = slot === chosen
            ? "the server of the client's session cannot take it; "
            : "";
          return { ...note, verdict: prefix + note.verdict };
        },
      };
    };
  }
}
