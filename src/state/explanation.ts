import type { Decision } from "../model/decision.ts";
import type { CandidateList } from "./candidates.ts";

/** A policy's explanation of one of its picks. */
export interface Explanation {
  /**
   * The slots of all candidates: first the one that was picked, then the others in the policy's
   * order of preference.
   */
  readonly ranking: readonly number[];
  /**
   * Explains the candidate in this slot.
   *
   * @returns `key`: the key that the policy compared, for example `(2 + 1) / 5 = 0.6`, or
   * undefined; `code`: why the candidate was not picked, as a stable code, by default `not_chosen`;
   * `verdict`: why it was or was not picked, as text to display, for example
   * `larger key: 1.5 > 0.6`.
   */
  note(slot: number): {
    readonly key: string | undefined;
    readonly code?: Decision["candidates"][number]["code"];
    readonly verdict: string;
  };
}

/** An explanation of one candidate; see {@linkcode Explanation.note}. */
export type CandidateNote = ReturnType<Explanation["note"]>;

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
