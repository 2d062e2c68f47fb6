import type { DiscoveryJson } from "../admin/discovery.ts";
import { printable } from "./output.ts";

/** What an entry has found, and what is wrong with that: a line, and one for each problem. */
export function discoveryLines({ name, url, discover, addresses, error }: DiscoveryJson): string[] {
  const count = addresses.length === 1 ? "1 address" : `${addresses.length} addresses`;
  const problems = addresses.filter(({ problem }) => problem !== null)
    .map((address) => `  ${address.url} is left out: ${address.problem}`);
  const fault = error === null ? "" : `; ${error}`;
  return [`${name} (${url}) is discovered by ${discover}: ${count}${fault}`, ...problems]
    .map(printable);
}
