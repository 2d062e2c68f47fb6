import { type CandidateList, isCandidate } from "../state/candidates.ts";
import { NOTE_CODES } from "../model/decision_code.ts";
import { BalancerError } from "../model/errors.ts";
import {
  type CandidateNote,
  type Explainer,
  explainNothing,
  type Explanation,
} from "../state/explanation.ts";
import { logRejection } from "../model/guarded_call.ts";
import type { PickContext, Policy } from "../state/policy.ts";
import type { TableView } from "../state/table_view.ts";

/** Longest text of a custom policy that is shown, in UTF-16 code units. */
const TEXT_MAX = 200;

/** Wraps a custom policy and verifies what it returns. */
export class GuardedPolicy implements Policy {
  readonly #policy: Policy;

  /** @param policy The custom policy. */
  constructor(policy: Policy) {
    this.#policy = policy;
  }

  /**
   * Picks what the custom policy picks.
   *
   * @throws {BalancerError} `internal`, if that is not a candidate. Errors of the policy pass through.
   */
  pick(candidates: CandidateList, table: TableView, context: PickContext): number {
    const slot = this.#policy.pick(candidates, table, context);
    logRejection("pick a server later", slot);
    if (isCandidate(candidates, slot)) return slot;
    throw new BalancerError(
      "internal",
      `Cannot pick a server: the policy returned ${
        String(slot)
      }, which is not among the candidates`,
    );
  }

  /** Explains as the custom policy does. Invalid parts are replaced, so that no pick fails. */
  explain(candidates: CandidateList, table: TableView, context: PickContext): Explainer {
    const fallback = explainNothing(candidates);
    const slots = [...candidates.slots.subarray(0, candidates.length)];
    const explain = attempt(() => this.#policy.explain?.(candidates, table, context), undefined);
    if (explain === undefined) return fallback;
    return (chosen) => {
      const standard = fallback(chosen);
      const given = attempt<Explanation>(() => explain(chosen), standard);
      return {
        ranking: attempt(() => completeRanking(given.ranking, slots), standard.ranking),
        note: (slot) => attempt(() => checkNote(given.note(slot)), standard.note(slot)),
      };
    };
  }
}

function attempt<T>(action: () => T, otherwise: T): T {
  try {
    const result = action();
    logRejection("explain a pick later", result);
    return result;
  } catch {
    return otherwise;
  }
}

/** All candidates: those of the ranking, then the others. */
function completeRanking(ranking: readonly number[], slots: readonly number[]): number[] {
  const left = new Set(slots);
  // Keeps candidates only, and each of them once.
  const ranked = [...ranking].filter((slot) => left.delete(slot));
  return [...ranked, ...left];
}

function checkNote({ key, code, verdict }: CandidateNote): CandidateNote {
  const known = NOTE_CODES.find((each) => each === code);
  return {
    ...(known === undefined ? {} : { code: known }),
    key: key === undefined ? undefined : String(key).slice(0, TEXT_MAX),
    verdict: String(verdict).slice(0, TEXT_MAX),
  };
}
