import type { CandidateList } from "../state/candidates.ts";
import type { Explainer } from "../state/explanation.ts";
import { grownArray } from "../state/grown_array.ts";
import type { PickContext, Policy } from "../state/policy.ts";
import type { SlotDirectory } from "../state/registry.ts";
import type { TableView } from "../state/table_view.ts";
import { hashText } from "../model/hash_text.ts";
import { LeastConnections } from "./least_connections.ts";
import { numberText, numberTexts } from "./number_text.ts";

/** Prefix of an IPv4 address on a dual-stack socket (RFC 4291 §2.5.5.2). */
const MAPPED_PREFIX = "::ffff:";
const SECOND_SEED = 0x9e3779b9;
/** Factor above all rounding errors of a cost. */
const SLACK = 1 + 2 ** -40;

/**
 * Weighted rendezvous hashing, which sends each client to the same server every time: the cost of a
 * client at a server is −ln(u) / weight, where u is a hash of both between 0 and 1, and the candidate
 * with the least cost is picked. Each server gets clients in proportion to its weight.
 *
 * The cost depends on this client and this server only. When a server is removed or its weight falls,
 * only its own clients move; when one is added or its weight rises, clients move only to it; and a
 * client that has tried its server gets the one that it would have without it.
 *
 * Servers are identified by URL: balancers with the same servers agree, whatever the servers' order,
 * and a restart moves no client. Clients are identified by address. Those without a known address are
 * spread by least connections, as they would all go to one server otherwise.
 */
export class ClientHash implements Policy {
  readonly #servers: SlotDirectory;
  readonly #unknown = new LeastConnections();
  /** URL of which each slot's hashes were computed. */
  readonly #urls: (string | undefined)[] = [];
  #hashes = new Int32Array(0);
  /** Second hashes: among thousands of servers, two may have the same first one. */
  #otherHashes = new Int32Array(0);
  #generation = -1;

  /** @param servers The servers by slot. */
  constructor(servers: SlotDirectory) {
    this.#servers = servers;
  }

  /** Picks the candidate with the least cost for the client. */
  pick(candidates: CandidateList, table: TableView, context: PickContext): number {
    const { clientAddress } = context;
    if (clientAddress === undefined) return this.#unknown.pick(candidates, table);
    if (this.#generation !== table.generation) this.#refresh(table);
    return this.#leastCost(candidates, table, hashClient(clientAddress));
  }

  /** Explains a pick by each candidate's cost for the client. */
  explain(candidates: CandidateList, table: TableView, context: PickContext): Explainer {
    const { clientAddress } = context;
    if (clientAddress === undefined) return this.#unknown.explain(candidates, table);
    if (this.#generation !== table.generation) this.#refresh(table);
    const client = hashClient(clientAddress);
    const slots = [...candidates.slots.subarray(0, candidates.length)];
    const costs = new Map(
      slots.map((slot) => [slot, this.#cost(client, slot, table.weight(slot))]),
    );
    const nearest = this.#leastCost(candidates, table, client);
    const others = slots.filter((slot) => slot !== nearest)
      .sort((a, b) => costs.get(a)! - costs.get(b)!);
    return (chosen) => ({
      ranking: [nearest, ...others],
      note: (slot) => {
        const cost = costs.get(slot)!;
        const verdict = slot === chosen
          ? `the nearest to the client ${clientAddress} by hash and weight`
          : whyFarther(cost, costs.get(chosen)!);
        return { key: `distance ${numberText(cost)}`, code: "farther", verdict };
      },
    });
  }

  #leastCost({ slots, length }: CandidateList, table: TableView, client: number): number {
    let chosen = slots[0]!;
    let least = Infinity;
    for (let i = 0; i < length; i++) {
      const slot = slots[i]!;
      const weight = table.weight(slot);
      const u = this.#uniform(client, slot);
      // −ln(1 − u) is at least u, which avoids the logarithm for almost every candidate.
      if (u > least * weight * SLACK) continue;
      const cost = costOf(u, weight);
      if (cost > least || cost === least && !this.#isBefore(slot, chosen)) continue;
      chosen = slot;
      least = cost;
    }
    return chosen;
  }

  #cost(client: number, slot: number, weight: number): number {
    return costOf(this.#uniform(client, slot), weight);
  }

  /** Uniform hash of a client and a slot's server, between 0 and 1, both excluded. */
  #uniform(client: number, slot: number): number {
    let hash = client ^ this.#hashes[slot]!;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) ^ this.#otherHashes[slot]!;
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (((hash ^ (hash >>> 16)) >>> 0) + 0.5) / 2 ** 32;
  }

  /** Breaks a tie the same way on every balancer, whatever the servers' slots. */
  #isBefore(slot: number, other: number): boolean {
    return this.#hashes[slot]! < this.#hashes[other]!;
  }

  #refresh(table: TableView): void {
    const { generation, end } = table;
    if (this.#hashes.length < end) {
      this.#hashes = grownArray(this.#hashes, end * 2);
      this.#otherHashes = grownArray(this.#otherHashes, end * 2);
    }
    for (let slot = 0; slot < end; slot++) {
      const url = this.#servers.inSlot(slot)?.server.url;
      if (url === undefined || url === this.#urls[slot]) continue;
      this.#urls[slot] = url;
      this.#hashes[slot] = hashText(url);
      this.#otherHashes[slot] = hashText(url, 0, SECOND_SEED);
    }
    this.#generation = generation;
  }
}

function hashClient(address: string): number {
  return hashText(address, address.startsWith(MAPPED_PREFIX) ? MAPPED_PREFIX.length : 0);
}

function costOf(u: number, weight: number): number {
  return -Math.log1p(-u) / weight;
}

function whyFarther(cost: number, least: number): string {
  if (cost === least) return "tie: its URL comes later by hash";
  const [more, less] = numberTexts(cost, least);
  return `farther from this client: ${more} > ${less}`;
}
