import type { CandidateList } from "../state/candidates.ts";
import type { Explainer } from "../state/explanation.ts";
import type { PickContext, Policy } from "../state/policy.ts";
import type { SlotDirectory } from "../state/registry.ts";
import type { TableView } from "../state/table_view.ts";
import { hashText } from "../model/hash_text.ts";
import { LeastConnections } from "./least_connections.ts";
import { numberText, numberTexts } from "./number_text.ts";

/** An IPv4 address as a socket for both families tells it (RFC 4291 §2.5.5.2). */
const MAPPED_PREFIX = "::ffff:";
const SECOND_SEED = 0x9e3779b9;
/** Above what rounding can make of a cost. */
const SLACK = 1 + 2 ** -40;

/**
 * The same client always goes to the same server, by weighted rendezvous hashing: of each client and
 * each server a cost is computed, −ln(u) / weight for a u between 0 and 1 that is a hash of both,
 * and the candidate with the least cost is chosen. So each server gets clients by its weight.
 *
 * The cost depends on this client and this server only. When a server leaves or its weight falls,
 * only clients of that server move; when one comes or its weight rises, clients move only to it; and
 * a client whose server has been tried already gets the one that it would have without it.
 *
 * Servers are told apart by URL: balancers with the same servers agree, whatever the servers' order,
 * and a restart moves nobody. A client is its address, as far as the handler knows it; those without
 * one are spread by least connections, as all of them would be at one server otherwise.
 */
export class ClientHash implements Policy {
  readonly #servers: SlotDirectory;
  readonly #unknown = new LeastConnections();
  /** The URL of the server in each slot whose hashes are below. */
  readonly #urls: (string | undefined)[] = [];
  #hashes = new Int32Array(0);
  /** A second hash: among thousands of servers, two may well have the same first one. */
  #otherHashes = new Int32Array(0);
  #generation = -1;

  /** @param servers Where the server in a slot is found. */
  constructor(servers: SlotDirectory) {
    this.#servers = servers;
  }

  /** Chooses the candidate that this client belongs to. */
  pick(candidates: CandidateList, table: TableView, context: PickContext): number {
    const { clientAddress } = context;
    if (clientAddress === undefined) return this.#unknown.pick(candidates, table);
    if (this.#generation !== table.generation) this.#refresh(table);
    return this.#leastCost(candidates, table, hashClient(clientAddress));
  }

  /** Explains a pick by what each candidate costs this client. */
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
      const u = this.#meet(client, slot);
      // −ln(1 − u) is at least u. That spares almost every candidate the logarithm.
      if (u > least * weight * SLACK) continue;
      const cost = costOf(u, weight);
      if (cost > least || cost === least && !this.#isBefore(slot, chosen)) continue;
      chosen = slot;
      least = cost;
    }
    return chosen;
  }

  #cost(client: number, slot: number, weight: number): number {
    return costOf(this.#meet(client, slot), weight);
  }

  /** A number between 0 and 1, both excluded, for a client and the server in a slot. */
  #meet(client: number, slot: number): number {
    let hash = client ^ this.#hashes[slot]!;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) ^ this.#otherHashes[slot]!;
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (((hash ^ (hash >>> 16)) >>> 0) + 0.5) / 2 ** 32;
  }

  /** Settles a tie the same way on every balancer, whatever slots the servers have there. */
  #isBefore(slot: number, other: number): boolean {
    return this.#hashes[slot]! < this.#hashes[other]!;
  }

  #refresh(table: TableView): void {
    const { generation, end } = table;
    if (this.#hashes.length < end) {
      this.#hashes = grown(this.#hashes, end * 2);
      this.#otherHashes = grown(this.#otherHashes, end * 2);
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

function grown(numbers: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length);
  larger.set(numbers);
  return larger;
}
