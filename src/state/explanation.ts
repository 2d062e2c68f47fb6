import type { CandidateList } from "./candidates.ts";
import type { NoteCode } from "../model/decision_code.ts";

/** What there is to say of one candidate after a pick, for people. */
export interface CandidateNote {
  /** What the policy went by, for example `(2 + 1) / 5 = 0.6`; undefined where it used none. */
  readonly key: string | undefined;
  /** Why the candidate was not picked, for programs. Default: `not_chosen`. */
  readonly code?: NoteCode;
  /** Why the candidate was picked, or why not, for example `larger key: 1.5 > 0.6`. */
  readonly verdict: string;
}

/** What there is to say of all candidates after a pick. */
export interface Explanation {
  /** The candidates' slots, each once: first the one that had to be picked, then by how close they came. */
  readonly ranking: readonly number[];
  /** What there is to say of the candidate in this slot. */
  note(slot: number): CandidateNote;
}

/**
 * Explains a pick that was made.
 *
 * @param chosen The slot that was picked.
 */
export type Explainer = (chosen: number) => Explanation;

/**
 * Explains the picks of a policy that says nothing of how it chooses.
 *
 * @param candidates What it chooses from; read at once.
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
