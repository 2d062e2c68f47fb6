import type { Selection } from "../state/candidates.ts";
import { CANDIDATES_MAX, type DecisionCandidate } from "../model/decision.ts";
import type { DecisionCode } from "../model/decision_code.ts";
import { type Explainer, explainNothing, type Explanation } from "../state/explanation.ts";
import type { PickContext, Policy } from "../state/policy.ts";
import type { Entry, SlotDirectory } from "../state/registry.ts";
import type { StateTable } from "../state/state_table.ts";
import { TableSnapshot } from "../state/table_snapshot.ts";
import {
  type IneligibleReason,
  ineligibleReason,
  isTrusted,
  stateOf,
} from "../state/ineligible_reason.ts";

/** The least number of ineligible servers in a report, if there are that many. */
const INELIGIBLE_MIN = 8;
/** The most servers in a line of the log. */
const LINE_MAX = 8;

/** Code and verdict of the chosen server. */
const CHOSEN = { code: "chosen", verdict: "chosen" } as const;

/** Options of an {@linkcode ExplainedPick}. */
export interface ExplainedPickParts {
  /** The servers. */
  readonly registry: SlotDirectory;
  /** State table of the servers. */
  readonly table: StateTable;
  /** Policy that chooses among the candidates. */
  readonly policy: Policy;
}

/** Request of an {@linkcode ExplainedPick}. */
export interface PickCase {
  /** Slots of its previous attempts. */
  readonly attempted: readonly number[];
  /** Properties of the request that the policy may use. */
  readonly context: PickContext;
}

/** Why one server was picked and the others were not. */
export interface PickReport {
  /** Decision code of the pick. */
  readonly code: DecisionCode;
  /** Why the server was picked, for people. */
  readonly reason: string;
  /** The servers, see {@linkcode Decision}. */
  readonly candidates: readonly DecisionCandidate[];
  /** How many further servers there were. */
  readonly omitted: number;
}

/**
 * A pick with an explanation. The policy picks from a snapshot of the state table, so that the
 * explanation shows the values it saw, even if other threads change them meanwhile.
 */
export class ExplainedPick {
  /** The picked slot; -1 if there was no candidate. */
  readonly slot: number;
  readonly #registry: SlotDirectory;
  readonly #table: TableSnapshot;
  readonly #attempted: readonly number[];
  readonly #sessionSlot: number | undefined;
  readonly #explanation: Explanation;

  /**
   * Picks.
   *
   * @param parts The options.
   * @param candidates The candidates.
   * @param pick The request.
   * @throws The policy's own errors.
   */
  constructor(parts: ExplainedPickParts, candidates: Selection, { attempted, context }: PickCase) {
    const { registry, table, policy } = parts;
    const snapshot = new TableSnapshot(table);
    this.#registry = registry;
    this.#table = snapshot;
    this.#attempted = attempted;
    this.#sessionSlot = context.sessionSlot;
    if (candidates.length === 0) {
      this.slot = -1;
      this.#explanation = { ranking: [], note: () => ({ key: undefined, verdict: "" }) };
      return;
    }
    const explain: Explainer = policy.explain?.(candidates, snapshot, context) ??
      explainNothing(candidates);
    this.slot = policy.pick(candidates, snapshot, context);
    this.#explanation = explain(this.slot);
  }

  /** Number of slots, which determines the cost of a report. */
  get size(): number {
    return this.#table.end;
  }

  /** Decision code of the pick. */
  get code(): DecisionCode {
    if (this.slot === -1) return this.#ineligible().length === 0 ? "no_server" : "none_available";
    if (!this.#trustedChosen) return "fallback";
    return this.slot === this.#sessionSlot ? "session" : "policy";
  }

  /** Why the server was picked, for people. */
  get reason(): string {
    if (this.slot === -1) {
      return this.#ineligible().length === 0 ? "there is no server" : "no server can take it";
    }
    const { verdict } = this.#explanation.note(this.slot);
    return this.#trustedChosen ? verdict : `no healthy server can take it; ${verdict}`;
  }

  /** The full explanation. */
  report(): PickReport {
    const ranking = this.#ranking();
    const ineligible = this.#ineligible();
    const room = CANDIDATES_MAX - Math.min(ineligible.length, INELIGIBLE_MIN);
    const ranked = ranking.slice(0, Math.max(room, CANDIDATES_MAX - ineligible.length));
    const others = ineligible.slice(0, CANDIDATES_MAX - ranked.length);
    return {
      code: this.code,
      reason: this.reason,
      candidates: [
        ...ranked.map((entry) => {
          const { key, code = "not_chosen", verdict } = this.#explanation.note(entry.slot);
          const why = entry.slot === this.slot ? CHOSEN : { code, verdict };
          return this.#candidate(entry, why, key);
        }),
        ...others.map((entry) => this.#candidate(entry, this.#ineligibleReason(entry))),
      ],
      omitted: ranking.length + ineligible.length - ranked.length - others.length,
    };
  }

  /** The explanation in one line, with the closest servers only. */
  line(): string {
    const { candidates, omitted } = this.report();
    const list = candidates.slice(0, LINE_MAX).map(({ url, key, verdict }) =>
      [url, ...(key === undefined ? [] : [key]), `(${verdict})`].join(" ")
    );
    const more = candidates.length - list.length + omitted;
    return `${this.reason}: ${list.join(", ")}${more > 0 ? `, and ${more} more` : ""}`;
  }

  /** The candidates, beginning with the picked one. */
  #ranking(): Entry[] {
    const { ranking } = this.#explanation;
    const slots = ranking[0] === this.slot ? ranking : [...new Set([this.slot, ...ranking])];
    return slots.map((slot) => this.#registry.inSlot(slot)).filter((entry) => entry !== undefined);
  }

  /** The ineligible servers, beginning with those of previous attempts. */
  #ineligible(): Entry[] {
    const candidates = new Set(this.#explanation.ranking);
    const attempted: Entry[] = [];
    const others: Entry[] = [];
    for (let slot = 0; slot < this.#table.end; slot++) {
      if (candidates.has(slot) || !this.#table.slot(slot).open) continue;
      const entry = this.#registry.inSlot(slot);
      if (entry !== undefined) (this.#attempted.includes(slot) ? attempted : others).push(entry);
    }
    return [...attempted, ...others];
  }

  #candidate({ server, slot }: Entry, why: IneligibleReason, key?: string): DecisionCandidate {
    const snapshot = this.#table.slot(slot);
    const { weight, active } = snapshot;
    const { url, name } = server;
    return { url, name, state: stateOf(server, snapshot), weight, active, key, ...why };
  }

  #ineligibleReason({ server, slot }: Entry): IneligibleReason {
    return ineligibleReason({
      server,
      snapshot: this.#table.slot(slot),
      attempted: this.#attempted.includes(slot),
      trustedChosen: this.#trustedChosen,
    });
  }

  get #trustedChosen(): boolean {
    return this.slot !== -1 && isTrusted(this.#table.slot(this.slot));
  }
}
