import type { DiscoveredAddress } from "../model/discovery.ts";
import { addressAndPort } from "../model/name_server.ts";
import { completeServer, NAME_MAX_LENGTH, type Server, UINT32_MAX } from "../model/server.ts";

/**
 * Makes a server of a discovered address: the URL has the address in place of the name, the server's
 * name is the source's name and the address, its weight is the source's times that of the record, and
 * all other fields are the source's.
 *
 * @param source The source.
 * @param found The address.
 */
export function expandSource(source: Server, { address, port, weight }: DiscoveredAddress): Server {
  const { discover: _, name, ...fields } = source;
  const { protocol, port: own, pathname } = new URL(source.url);
  const host = addressAndPort(address, port ?? (Number(own) || (protocol === "https:" ? 443 : 80)));
  return completeServer({
    ...fields,
    url: `${protocol}//${host}${pathname}`,
    name: `${name.slice(0, NAME_MAX_LENGTH - host.length - 1)} ${host}`,
    weight: Math.min(source.weight * weight, UINT32_MAX),
    discoveredBy: source.url,
  });
}

/**
 * Reduces the weights of SRV records to the smallest whole numbers with the same ratios, so that equal
 * records have weight 1, whatever their number: some name servers write percentages. 0 counts as 1,
 * which gives it "a very small chance" beside others (RFC 2782).
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
