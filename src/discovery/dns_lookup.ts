import type { Clock } from "../runtime/clock.ts";
import type { DiscoveredAddress } from "../model/discovery.ts";
import { secondsText } from "../model/seconds_text.ts";
import { TimeLimit } from "../runtime/time.ts";
import type { Server } from "../model/server.ts";
import { relativeWeights } from "./dns_expansion.ts";
import {
  type DnsAnswer,
  DnsFailure,
  type DnsResolver,
  plainName,
  type RecordType,
  type ServiceRecord,
} from "./dns_resolver.ts";

/** The number of SRV targets that are looked up concurrently. */
const AT_ONCE = 8;

/** The lifetime of addresses of the hosts file, in seconds. */
const HOSTS_TTL = 5;

/** The outcome of a lookup. */
export type LookupOutcome =
  /** There are addresses, valid for `ttl` seconds; `problem` is a partial failure. */
  | {
    readonly type: "found";
    readonly found: readonly DiscoveredAddress[];
    readonly ttl: number;
    readonly problem: string | undefined;
  }
  /** DNS answered that there are none. */
  | { readonly type: "empty"; readonly why: string }
  /** DNS did not answer. */
  | { readonly type: "failed"; readonly why: string };

type Found = LookupOutcome & { readonly type: "found" };

/** Options of {@linkcode lookUp}. */
export interface LookupParts {
  /** The DNS client. */
  readonly resolver: DnsResolver;
  /** The known addresses; they stand in for those that cannot be looked up. */
  readonly known: readonly DiscoveredAddress[];
  /** The timers. */
  readonly clock: Clock;
  /** Aborts the lookup. */
  readonly signal: AbortSignal;
}

/**
 * Looks up the addresses of a source.
 *
 * If only some questions are answered, known addresses of the others stay: a name server that fails
 * for AAAA, as some do, is no reason to ignore its answer for A.
 *
 * @param source The source.
 * @param parts The client, the known addresses and the signal.
 * @throws The reason of the signal.
 */
export async function lookUp(source: Server, parts: LookupParts): Promise<LookupOutcome> {
  const host = new URL(source.url).hostname;
  const find = source.discover === "dns-srv" ? findServices : findAddresses;
  let last: LookupOutcome = { type: "empty", why: `there is no ${host}` };
  try {
    const outcome = source.discover === "dns" ? await findHosts(host, parts) : undefined;
    if (outcome !== undefined) return sorted(outcome);
    const { names, limit } = await parts.resolver.names(host);
    for (const name of names) {
      const outcome = await within(limit, parts, (limited) => find(name, limited));
      if (outcome.type === "found") return sorted(outcome);
      // A name without addresses proves nothing while another could not be looked up.
      if (last.type !== "failed") last = outcome;
    }
  } catch (error) {
    parts.signal.throwIfAborted();
    if (!(error instanceof DnsFailure)) throw error;
    return { type: "failed", why: error.message };
  }
  return last;
}

/** The addresses of a name in the hosts file, which precede those of DNS (hosts(5)). */
async function findHosts(host: string, { resolver }: LookupParts): Promise<Found | undefined> {
  const addresses = await resolver.hosts(host);
  if (addresses.length === 0) return undefined;
  const found = addresses.map((address) => ({ address, port: undefined, weight: 1, source: host }));
  return { type: "found", found, ttl: HOSTS_TTL, problem: undefined };
}

/** Looks up one name under a time limit of its own, so that a silent one does not delay the others. */
async function within(
  milliseconds: number,
  parts: LookupParts,
  find: (limited: LookupParts) => Promise<LookupOutcome>,
): Promise<LookupOutcome> {
  const limit = new TimeLimit(parts.clock, parts.signal);
  limit.start(milliseconds);
  try {
    return await find({ ...parts, signal: limit.signal });
  } catch (error) {
    parts.signal.throwIfAborted();
    if (limit.exceeded === undefined) throw error;
    return { type: "failed", why: `the lookup took over ${secondsText(milliseconds / 1000)}` };
  } finally {
    limit.end();
  }
}

async function findAddresses(name: string, parts: LookupParts): Promise<LookupOutcome> {
  return combine(await askAddresses({ target: name, port: undefined, weight: 1 }, parts), parts);
}

async function findServices(name: string, parts: LookupParts): Promise<LookupOutcome> {
  const answer = await ask(name, "SRV", parts);
  if (answer instanceof DnsFailure) return { type: "failed", why: answer.message };
  if (answer.empty !== undefined) return { type: "empty", why: answer.empty };
  let last: LookupOutcome = { type: "empty", why: `no target of ${name} has an address` };
  for (const group of byPriority(answer.services)) {
    const outcome = await findTargets(group, answer, parts);
    if (outcome.type === "found") return { ...outcome, ttl: Math.min(outcome.ttl, answer.ttl) };
    if (outcome.type === "failed") last = outcome;
  }
  return last;
}

/** Looks up the targets of records with the same priority. */
async function findTargets(
  services: readonly ServiceRecord[],
  answer: DnsAnswer,
  parts: LookupParts,
): Promise<LookupOutcome> {
  const weights = relativeWeights(services.map(({ weight }) => weight));
  const findings = await mapConcurrent(services, AT_ONCE, async ({ target, port }, i) => {
    const place = { target, port, weight: weights[i]! };
    const addresses = answer.hosts.get(plainName(target));
    if (addresses === undefined) return await askAddresses(place, parts);
    return [{ ...place, type: "SRV" as const, answer: { ...answer, addresses } }];
  });
  return combine(findings.flat(), parts);
}

/** The target of a lookup, with the port and weight of its addresses. */
interface Place {
  readonly target: string;
  readonly port: number | undefined;
  readonly weight: number;
}

/** The answer to one question, or why there is none. */
interface Finding extends Place {
  readonly type: RecordType;
  readonly answer: DnsAnswer | DnsFailure;
}

async function askAddresses(place: Place, parts: LookupParts): Promise<Finding[]> {
  const types = ["A", "AAAA"] as const;
  return await Promise.all(types.map(async (type) => {
    return { ...place, type, answer: await ask(place.target, type, parts) };
  }));
}

/** Combines the answers to several questions. */
function combine(findings: readonly Finding[], { known }: LookupParts): LookupOutcome {
  const found = new Map<string, DiscoveredAddress>();
  const problems: string[] = [];
  const reasons = new Set<string>();
  let ttl = Infinity;
  for (const finding of findings) {
    const { answer, target: source, port, weight } = finding;
    if (answer instanceof DnsFailure) {
      problems.push(answer.message);
      for (const address of known) if (standsIn(address, finding)) add(found, address);
      continue;
    }
    if (answer.empty === undefined) ttl = Math.min(ttl, answer.ttl);
    else reasons.add(answer.empty);
    for (const address of answer.addresses) add(found, { address, port, weight, source });
  }
  const problem = problems.length === 0 ? undefined : problems.join("; ");
  if (ttl !== Infinity) return { type: "found", found: [...found.values()], ttl, problem };
  if (problem !== undefined) return { type: "failed", why: problem };
  return { type: "empty", why: [...reasons].join("; ") };
}

/** Whether a known address belongs to a question that was not answered now. */
function standsIn(known: DiscoveredAddress, { target, port, type }: Finding): boolean {
  const family = known.address.includes(":") ? "AAAA" : "A";
  return known.source === target && known.port === port && family === type;
}

/** Adds an address; two records for one address make one server, with the larger weight. */
function add(found: Map<string, DiscoveredAddress>, address: DiscoveredAddress): void {
  const key = keyOf(address);
  const other = found.get(key);
  if (other === undefined || other.weight < address.weight) found.set(key, address);
}

async function ask(
  name: string,
  type: RecordType,
  { resolver, signal }: LookupParts,
): Promise<DnsAnswer | DnsFailure> {
  try {
    return await resolver.ask(name, type, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof DnsFailure) return error;
    throw error;
  }
}

/** Groups records by priority, the lowest number first. */
function byPriority(services: readonly ServiceRecord[]): ServiceRecord[][] {
  const groups = new Map<number, ServiceRecord[]>();
  for (const service of services) {
    groups.set(service.priority, [...groups.get(service.priority) ?? [], service]);
  }
  return [...groups].sort(([one], [other]) => one - other).map(([, group]) => group);
}

/** Sorts addresses, as the order of answers changes each time. */
function sorted(outcome: Found): Found {
  const found = outcome.found.toSorted((one, other) => keyOf(one) < keyOf(other) ? -1 : 1);
  return { ...outcome, found };
}

function keyOf({ address, port }: DiscoveredAddress): string {
  return `${address} ${port ?? ""}`;
}

/**
 * Maps items by an asynchronous function, a few at a time.
 *
 * @param items The items.
 * @param limit The number of concurrent calls.
 * @param act Maps one item.
 * @returns The results, in the order of the items.
 */
export async function mapConcurrent<Item, Result>(
  items: readonly Item[],
  limit: number,
  act: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const entries = items.entries();
  async function work(): Promise<void> {
    // All share the iterator, so each takes the next item.
    for (const [index, item] of entries) results[index] = await act(item, index);
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  return results;
}
