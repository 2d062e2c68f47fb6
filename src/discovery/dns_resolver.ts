/** The record types that are looked up. */
export type RecordType = "A" | "AAAA" | "SRV";

/** An SRV record (RFC 2782). */
export interface ServiceRecord {
  /** Records with the lowest number come first. */
  readonly priority: number;
  /** The share relative to the records with the same priority. */
  readonly weight: number;
  /** The port, 1 to 65535. */
  readonly port: number;
  /** The name of the host, without a final dot. */
  readonly target: string;
}

/** The answer to a question. */
export interface DnsAnswer {
  /** Its lifetime in seconds: the shortest TTL of the records used. */
  readonly ttl: number;
  /** The IP addresses; empty for SRV. */
  readonly addresses: readonly string[];
  /** The services; empty except for SRV. */
  readonly services: readonly ServiceRecord[];
  /**
   * Addresses in the additional records, by lower-case name: RFC 2782 lets servers add those of the
   * targets.
   */
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  /** Why the answer is empty, for people; undefined if it is not. */
  readonly empty: string | undefined;
}

/** The full names that a name may stand for, and the timeout of each lookup. */
export interface SearchList {
  /** The full names, in the order in which they are looked up. */
  readonly names: readonly string[];
  /** The timeout of each name with all its questions, in milliseconds. */
  readonly limit: number;
}

/** A DNS client. */
export interface DnsResolver {
  /** The addresses of a name in this machine's hosts file; none for most names. */
  hosts(host: string): Promise<readonly string[]>;
  /**
   * Expands a name by the search list.
   *
   * @throws {DnsFailure} If the resolver configuration cannot be read.
   */
  names(host: string): Promise<SearchList>;
  /**
   * Asks one question.
   *
   * @param name The full name.
   * @param type The type of the records.
   * @param signal Aborts the question.
   * @returns The answer, which may be empty.
   * @throws {DnsFailure} If there is no usable answer.
   */
  ask(name: string, type: RecordType, signal: AbortSignal): Promise<DnsAnswer>;
}

/** The error for a question without a usable answer; the message is the end of a sentence. */
export class DnsFailure extends Error {
  override readonly name = "DnsFailure";
}

/** Normalizes a name for comparison: names are case-insensitive (RFC 4343). */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}
