import { systemClock } from "../../runtime/system_clock.ts";
import { pause } from "../../runtime/time.ts";
import type { DecisionJson, DecisionsJson } from "../decisions.ts";
import { type AdminClient, AdminClientError, type AdminRequest } from "./admin_client.ts";

/** Pause between two polls, in milliseconds. */
const POLL_MS = 250;
/** Decisions per request. */
const PAGE = 500;
/** Decisions that the balancer is made to keep: those of a few seconds under full load. */
const KEEP = 2000;

/**
 * Fetches decisions.
 *
 * @param query The query, for example `?limit=10`.
 * @throws {AdminClientError} If it cannot be reached, or refuses.
 */
export async function fetchDecisions(
  client: AdminClient,
  query: string,
  request?: AdminRequest,
): Promise<DecisionsJson> {
  const shape = { keep: "number", latest: "number", decisions: "array" } as const;
  const answer = await client.readJson<DecisionsJson>(`/decisions${query}`, shape, request);
  const isValid = answer.decisions.every((decision: Partial<DecisionJson> | null) =>
    typeof decision?.number === "number" && typeof decision.request?.path === "string" &&
    Array.isArray(decision.candidates)
  );
  if (!isValid) throw client.notBallast();
  return answer;
}

/** Follows the decisions of a balancer, and makes it keep enough of them meanwhile. */
export class DecisionFollower {
  readonly #client: AdminClient;
  readonly #notice: (text: string) => void;
  /** The setting to restore afterwards; undefined if it was not changed. */
  #before: number | undefined;
  #last = 0;
  #skipped = 0;

  /** @param notice Reports that recording was turned on, and gaps. */
  constructor(client: AdminClient, notice: (text: string) => void) {
    this.#client = client;
    this.#notice = notice;
  }

  /**
   * Passes on each decision from now on.
   *
   * @param take Takes a decision; false ends the following.
   * @throws {AdminClientError} If the balancer becomes unreachable, or refuses.
   */
  async follow(
    stop: AbortSignal,
    take: (decision: DecisionJson) => Promise<boolean>,
  ): Promise<void> {
    try {
      const { latest, skipped } = await this.#start();
      this.#last = latest;
      this.#skipped = skipped;
      while (!stop.aborted) {
        const full = await this.#read(take);
        if (full === undefined) return;
        if (!full) await pause(systemClock, POLL_MS, stop);
      }
    } finally {
      await this.#restore();
    }
  }

  /** Makes the balancer record decisions, and keep them until they are read. */
  async #start(): Promise<DecisionsJson> {
    const before = await fetchDecisions(this.#client, "?limit=1");
    if (before.keep >= KEEP) return before;
    this.#before = before.keep;
    if (before.keep === 0) {
      this.#notice("Decisions were not being recorded; recording them until this command ends.");
    }
    return await this.#keep(KEEP);
  }

  /** Passes on a page of decisions. Returns whether it was full; undefined at the end. */
  async #read(take: (decision: DecisionJson) => Promise<boolean>): Promise<boolean | undefined> {
    const answer = await fetchDecisions(this.#client, `?after=${this.#last}&limit=${PAGE}`);
    // Another follower may have turned recording off, and a restarted balancer has it off.
    if (answer.keep < KEEP) await this.#start();
    if (answer.latest < this.#last) this.#last = this.#skipped = 0;
    for (const decision of answer.decisions) {
      const missed = decision.number - this.#last - 1;
      this.#last = decision.number;
      if (missed > 0) this.#notice(`${missed} decisions were dropped before they could be read.`);
      if (!await take(decision)) return undefined;
    }
    const skipped = answer.skipped - this.#skipped;
    this.#skipped = answer.skipped;
    if (skipped > 0) {
      this.#notice(`${skipped} requests were not recorded: too many per second.`);
    }
    return answer.decisions.length === PAGE;
  }

  /** Restores the setting, unless it has been changed by someone else since. */
  async #restore(): Promise<void> {
    if (this.#before === undefined) return;
    try {
      const { keep } = await fetchDecisions(this.#client, "?limit=1");
      if (keep === KEEP) await this.#keep(this.#before);
    } catch (error) {
      // The balancer is gone, and its decisions with it: nothing is left to restore.
      if (!(error instanceof AdminClientError)) throw error;
    }
  }

  async #keep(keep: number): Promise<DecisionsJson> {
    return await fetchDecisions(this.#client, "", { method: "PUT", body: { keep } });
  }
}
