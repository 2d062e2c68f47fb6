import type { CandidateList } from "./candidates.ts";
import type { NoteCode } from "../model/decision_code.ts";

/** Explanation of one candidate after a pick. */
export interface CandidateNote {
  /** The policy's key, for example `(2 + 1) / 5 = 0.6`; undefined if it used none. */
  readonly key: string | undefined;
  /** Machine-readable reason why it was not picked. Default: `not_chosen`. */
  readonly code?: NoteCode;
  /** Reason why it was picked or not, for example `larger key: 1.5 > 0.6`. */
  readonly verdict: string;
}

/** Explanation of a pick. */
export interface Explanation {
  /** Slots of all candidates, each once: the one to pick first, then by how close they came. */
  readonly ranking: readonly number[];
  /** Explanation of the candidate in this slot. */
  note(slot: number): CandidateNote;
}

/**
 * Explains a pick.
 *
 * @param chosen Slot that was picked.
 */
export type Explainer = (chosen: number) => Explanation;

/**
 * Explains the picks of a policy without explanations.
 *
 * @param candidates The candidates; read before this returns.
 */
export function explainNothing(candidates: CandidateList): Explainer {
  const slots = [...candidates.slots.subarray(0, candidates.length)];
  return (chosen) => ({
    ranking: [chosen, ...slots.filter((slot) => slot !== chosen)],
    note: (slot) => ({
      key: undefined,
      verdict: slot === chosen ? "chosen by the policy" : "not chosen by the policy",
    }),
  });
}
