import type { CandidateList } from "../../src/state/candidates.ts";
import { Candidates } from "../../src/state/candidates.ts";
import type { Policy } from "../../src/state/policy.ts";
import { Registry, type SlotDirectory } from "../../src/state/registry.ts";
import { StateTable } from "../../src/state/state_table.ts";

/** A balancer's picking without its input and output. */
export class Picking {
  /** The servers' state. */
  readonly table: StateTable;
  /** The servers. */
  readonly registry: Registry;
  /** The rule. */
  readonly policy: Policy;
  readonly #candidates: Candidates;

  /**
   * @param make Makes the rule.
   * @param capacity How many servers there may be.
   */
  constructor(make: (servers: SlotDirectory) => Policy, capacity = 1024) {
    this.table = new StateTable(capacity);
    this.registry = new Registry(this.table);
    this.#candidates = new Candidates(this.table);
    this.policy = make(this.registry);
  }

  /** Adds a server for each weight, the first one with number 0. */
  addAll(weights: readonly number[]): this {
    for (const [number, weight] of weights.entries()) this.add(number, weight);
    return this;
  }

  /** Adds a server, and returns its slot. */
  add(number: number, weight: number): number {
    return this.registry.add({ url: urlOf(number), weight }).slot;
  }

  /** The slots that a request may go to. */
  candidates(tried: readonly number[] = []): CandidateList {
    return this.#candidates.select(tried);
  }

  /** Picks a slot; there has to be a candidate. */
  pick(clientAddress?: string, tried: readonly number[] = []): number {
    return this.policy.pick(this.candidates(tried), this.table, { clientAddress });
  }

  /** The URL of the server that is picked. */
  pickUrl(clientAddress?: string, tried: readonly number[] = []): string {
    return this.registry.inSlot(this.pick(clientAddress, tried))!.server.url;
  }

  /** How often each slot is picked for requests that come one at a time, each by another client. */
  countPicks(requests: number): number[] {
    const counts = new Array<number>(this.table.end).fill(0);
    for (let i = 0; i < requests; i++) {
      const slot = this.pick(clientNumber(i));
      this.table.begin(slot);
      counts[slot]! += 1;
      this.table.finish(slot);
    }
    return counts;
  }
}

/** The URL of the server with a number. */
export function urlOf(number: number): string {
  return `http://10.0.${number >> 8}.${number & 255}:3000`;
}

/** The address of the client with a number, below 2²⁴. */
export function clientNumber(number: number): string {
  return `192.${number >> 16}.${number >> 8 & 255}.${number & 255}`;
}

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let mixed = Math.imul(state ^ state >>> 15, state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}
