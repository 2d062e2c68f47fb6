import type { CandidateList } from "../state/candidates.ts";
import { type Explainer, explainNothing } from "../state/explanation.ts";
import type { PickContext, Policy } from "../state/policy.ts";
import type { TableView } from "../state/table_view.ts";

/**
 * Keeps a client at the server that its session is at, as long as that is a candidate: it takes
 * requests (weight above 0), can be trusted unless no server can, works on fewer requests than it
 * may, and this request has not tried it. Otherwise another policy chooses.
 */
export class StickyPolicy implements Policy {
  readonly #policy: Policy;

  /** @param policy What chooses for clients without a session. */
  constructor(policy: Policy) {
    this.#policy = policy;
  }

  /** Chooses the session's server, or what the other policy chooses. */
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

/** Whether this slot is one of the candidates. */
export function isCandidate({ slots, length }: CandidateList, slot: number): boolean {
  const place = slots.indexOf(slot);
  return place !== -1 && place < length;
}
