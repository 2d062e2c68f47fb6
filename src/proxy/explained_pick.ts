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
} from "./ineligible_reason.ts";

/** How many servers that could not be picked are listed at least, if there are any. */
const INELIGIBLE_MIN = 8;
/** How many servers a line for the log lists. */
const LINE_MAX = 8;

/** What is said of the server that was picked. */
const CHOSEN = { code: "chosen", verdict: "chosen" } as const;

/** What an {@linkcode ExplainedPick} is made with. */
export interface ExplainedPickParts {
  /** The servers. */
  readonly registry: SlotDirectory;
  /** Their state. */
  readonly table: StateTable;
  /** The rule by which one is chosen. */
  readonly policy: Policy;
}

/** What a pick goes by beside the candidates. */
export interface PickCase {
  /** The slots that the request has tried already. */
  readonly attempted: readonly number[];
  /** What is known of the request. */
  readonly context: PickContext;
}

/** Why one server was picked and the others were not. */
export interface PickReport {
  /** What decided it, for programs. */
  readonly code: DecisionCode;
  /** Why the one that was picked. */
  readonly reason: string;
  /** The servers, see {@linkcode Decision}. */
  readonly candidates: readonly DecisionCandidate[];
  /** How many further servers there were. */
  readonly omitted: number;
}

/**
 * A pick that can be explained: the policy picks by what the table said at one moment, so that what
 * is said of it is what it saw, whatever other threads count in the meantime.
 */
export class ExplainedPick {
  /** The slot that was picked; -1 where there was none to pick. */
  readonly slot: number;
  readonly #registry: SlotDirectory;
  readonly #table: TableSnapshot;
  readonly #attempted: readonly number[];
  readonly #sessionSlot: number | undefined;
  readonly #explanation: Explanation;

  /**
   * Picks.
   *
   * @param parts What to work with.
   * @param candidates What to choose from.
   * @param pick What else to go by.
   * @throws What the policy throws.
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

  /** How many servers there were to look at, for what a report costs. */
  get size(): number {
    return this.#table.end;
  }

  /** What decided it, for programs. */
  get code(): DecisionCode {
    if (this.slot === -1) return this.#ineligible().length === 0 ? "no_server" : "none_available";
    if (!this.#trustedChosen) return "fallback";
    return this.slot === this.#sessionSlot ? "session" : "policy";
  }

  /** Why that server, for people. */
  get reason(): string {
    if (this.slot === -1) {
      return this.#ineligible().length === 0 ? "there is no server" : "no server can take it";
    }
    const { verdict } = this.#explanation.note(this.slot);
    return this.#trustedChosen ? verdict : `no healthy server can take it; ${verdict}`;
  }

  /** All there is to say. */
  report(): PickReport {
    const ranking = this.#ranking();
    const excluded = this.#ineligible();
    const room = CANDIDATES_MAX - Math.min(excluded.length, INELIGIBLE_MIN);
    const ranked = ranking.slice(0, Math.max(room, CANDIDATES_MAX - excluded.length));
    const others = excluded.slice(0, CANDIDATES_MAX - ranked.length);
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
      omitted: ranking.length + excluded.length - ranked.length - others.length,
    };
  }

  /** The same in a line, with the closest servers only. */
  line(): string {
    const { candidates, omitted } = this.report();
    const list = candidates.slice(0, LINE_MAX).map(({ url, key, verdict }) =>
      [url, ...(key === undefined ? [] : [key]), `(${verdict})`].join(" ")
    );
    const more = candidates.length - list.length + omitted;
    return `${this.reason}: ${list.join(", ")}${more > 0 ? `, and ${more} more` : ""}`;
  }

  /** The candidates, the one that was picked first. */
  #ranking(): Entry[] {
    const { ranking } = this.#explanation;
    const slots = ranking[0] === this.slot ? ranking : [...new Set([this.slot, ...ranking])];
    return slots.map((slot) => this.#registry.inSlot(slot)).filter((entry) => entry !== undefined);
  }

  /** Those that the request could not go to, the ones that it has tried first. */
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
