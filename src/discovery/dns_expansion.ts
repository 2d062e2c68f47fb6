import type { FoundAddress } from "../model/discovery.ts";
import { addressAndPort } from "../model/name_server.ts";
import { completeServer, NAME_MAX_LENGTH, type Server, UINT32_MAX } from "../model/server.ts";

/**
 * The server at an address that an entry has found: the address in place of the name, the entry's
 * name with the address behind it, the entry's weight times that of the record, and all else of the
 * entry.
 *
 * @param entry The entry.
 * @param found The address.
 */
export function expandEntry(entry: Server, { address, port, weight }: FoundAddress): Server {
  const { discover: _, name, ...fields } = entry;
  const { protocol, port: own, pathname } = new URL(entry.url);
  const host = addressAndPort(address, port ?? (Number(own) || (protocol === "https:" ? 443 : 80)));
  return completeServer({
    ...fields,
    url: `${protocol}//${host}${pathname}`,
    name: `${name.slice(0, NAME_MAX_LENGTH - host.length - 1)} ${host}`,
    weight: Math.min(entry.weight * weight, UINT32_MAX),
    discoveredBy: entry.url,
  });
}

/**
 * The weights of SRV records as the smallest whole numbers with the same ratios, so that of records
 * which are alike each has 1, whatever number they have: some name servers write a share of a
 * hundred there. 0 counts as 1, by which it has "a very small chance" beside others (RFC 2782).
 *
 * @param weights The weights of the records with one priority, in their order.
 */
export function relativeWeights(weights: readonly number[]): readonly number[] {
  const counted = weights.map((weight) => Math.max(weight, 1));
  const divisor = counted.reduce(commonDivisor, 0);
  return counted.map((weight) => weight / divisor);
}

function commonDivisor(one: number, other: number): number {
  return other === 0 ? one : commonDivisor(other, one % other);
}
