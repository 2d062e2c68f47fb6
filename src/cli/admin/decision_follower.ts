import type { DecisionJson, DecisionsJson } from "../../admin/decisions.ts";
import { CommandError } from "../errors.ts";
import { printError } from "../output/print.ts";
import type { AdminClient } from "./client.ts";

/** How often it is looked for new decisions, in milliseconds. */
const POLL_MS = 250;
/** How many decisions are asked for at once. */
const PAGE = 500;
/** How many the balancer is told to keep at least: those of some seconds under full load. */
const KEEP = 2000;

/**
 * Asks for decisions.
 *
 * @param client The balancer's API.
 * @param query What of them, for example `?limit=10`.
 * @throws {CommandError} If it cannot be reached, or refuses.
 */
export async function fetchDecisions(client: AdminClient, query: string): Promise<DecisionsJson> {
  return await client.readJson(`/decisions${query}`, areDecisions) as DecisionsJson;
}

/** Follows the decisions of a balancer, which is made to keep enough of them for that. */
export class DecisionFollower {
  readonly #client: AdminClient;
  /** How many the balancer is to keep afterwards; undefined where nothing was changed. */
  #before: number | undefined;
  #last = 0;
  #skipped = 0;

  /** @param client The balancer's API. */
  constructor(client: AdminClient) {
    this.#client = client;
  }

  /**
   * Takes each decision from now on.
   *
   * @param stop Ends that when it resolves.
   * @param take What to do with a decision; it says whether there is to be another.
   * @throws {CommandError} If the balancer cannot be reached any more, or refuses.
   */
  async follow(
    stop: Promise<void>,
    take: (decision: DecisionJson) => Promise<boolean>,
  ): Promise<void> {
    let stopped = false;
    stop.then(() => stopped = true);
    try {
      const { latest, skipped } = await this.#start();
      this.#last = latest;
      this.#skipped = skipped;
      while (!stopped) {
        const full = await this.#read(take);
        if (full === undefined) return;
        if (!full) await Promise.race([stop, pause(POLL_MS)]);
      }
    } finally {
      await this.#restore();
    }
  }

  /** Sees to it that decisions are recorded, and kept until they are read. */
  async #start(): Promise<DecisionsJson> {
    const before = await fetchDecisions(this.#client, "?limit=1");
    if (before.keep >= KEEP) return before;
    this.#before = before.keep;
    if (before.keep === 0) {
      printError("Decisions were not recorded; they are until this command ends.");
    }
    return await this.#keep(KEEP);
  }

  /** Takes a page of decisions; tells whether it was a full one, or undefined at the end. */
  async #read(take: (decision: DecisionJson) => Promise<boolean>): Promise<boolean | undefined> {
    const answer = await fetchDecisions(this.#client, `?after=${this.#last}&limit=${PAGE}`);
    // Another one that follows may have turned it off at its end, and a new process begins anew.
    if (answer.keep < KEEP) await this.#start();
    if (answer.latest < this.#last) this.#last = this.#skipped = 0;
    for (const decision of answer.decisions) {
      const missed = decision.number - this.#last - 1;
      this.#last = decision.number;
      if (missed > 0) printError(`${missed} decisions were dropped before they could be read.`);
      if (!await take(decision)) return undefined;
    }
    const skipped = answer.skipped - this.#skipped;
    this.#skipped = answer.skipped;
    if (skipped > 0) {
      printError(`${skipped} requests were not recorded: there are too many in a second.`);
    }
    return answer.decisions.length === PAGE;
  }

  /** Leaves it as it was, unless somebody else has set something else since. */
  async #restore(): Promise<void> {
    if (this.#before === undefined) return;
    try {
      const { keep } = await fetchDecisions(this.#client, "?limit=1");
      if (keep === KEEP) await this.#keep(this.#before);
    } catch (error) {
      // It is gone, and its decisions with it; that has been said, or is no concern any more.
      if (!(error instanceof CommandError)) throw error;
    }
  }

  async #keep(keep: number): Promise<DecisionsJson> {
    return await this.#client.readJson("/decisions", areDecisions, {
      method: "PUT",
      body: { keep },
    }) as DecisionsJson;
  }
}

function areDecisions(answer: unknown): boolean {
  const { keep, latest, decisions } = (answer ?? {}) as Partial<DecisionsJson>;
  return typeof keep === "number" && typeof latest === "number" && Array.isArray(decisions) &&
    decisions.every((decision: Partial<DecisionJson> | null) =>
      typeof decision?.number === "number" && typeof decision.request?.path === "string" &&
      Array.isArray(decision.candidates)
    );
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
