/** The types of records that are asked for. */
export type RecordType = "A" | "AAAA" | "SRV";

/** What an SRV record says (RFC 2782). */
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

/** What DNS answers to a question. */
export interface DnsAnswer {
  /** How long it holds, in seconds: the shortest time of what it is made of. */
  readonly ttl: number;
  /** The IP addresses; empty for SRV. */
  readonly addresses: readonly string[];
  /** The services; empty but for SRV. */
  readonly services: readonly ServiceRecord[];
  /**
   * Addresses that came along, by the name that has them in lower case: RFC 2782 lets servers add
   * those of the targets.
   */
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  /** Why there is nothing, for people; undefined where there is something. */
  readonly empty: string | undefined;
}

/** The full names of a name, and how long each of them may take. */
export interface SearchList {
  /** The full names that it may stand for, in the order in which they are to be tried. */
  readonly names: readonly string[];
  /** How long the lookup of each of them may take, all its questions together, in milliseconds. */
  readonly limit: number;
}

/** What asks DNS. */
export interface DnsResolver {
  /** The addresses that a name has on this machine, whatever DNS says; none for most. */
  hosts(host: string): Promise<readonly string[]>;
  /**
   * Tells what to look up for a name.
   *
   * @throws {DnsFailure} If it cannot be found out whom to ask.
   */
  names(host: string): Promise<SearchList>;
  /**
   * Asks one question.
   *
   * @param name The full name.
   * @param type The type of the records.
   * @param signal Breaks it off.
   * @returns The answer, which may be that there is nothing.
   * @throws {DnsFailure} If there is no answer to go by.
   */
  ask(name: string, type: RecordType, signal: AbortSignal): Promise<DnsAnswer>;
}

/** DNS gave no answer to go by; the message says why, as the end of a sentence. */
export class DnsFailure extends Error {
  override readonly name = "DnsFailure";
}

/** A name to compare with others: names are without regard to case (RFC 4343). */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}
