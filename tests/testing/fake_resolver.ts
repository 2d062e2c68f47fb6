import {
  type DnsAnswer,
  DnsFailure,
  type DnsResolver,
  type RecordType,
  type SearchList,
  type ServiceRecord,
} from "../../src/discovery/dns_resolver.ts";

/** The parts of an answer that a test sets. */
export interface FakeAnswer {
  /** Default: 60. */
  readonly ttl?: number;
  /** Default: none. */
  readonly addresses?: readonly string[];
  /** Priority, weight, port and target of each. Default: none. */
  readonly services?: readonly (readonly [number, number, number, string])[];
  /** Default: none. */
  readonly hosts?: Readonly<Record<string, readonly string[]>>;
}

/** Answers questions from what a test says; what it says nothing of, there is not. */
export class FakeResolver implements DnsResolver {
  readonly #answers = new Map<string, FakeAnswer | Error | Promise<FakeAnswer>>();
  readonly #search: readonly string[];
  /** The addresses of names that this machine has. */
  readonly hostsFile = new Map<string, readonly string[]>();
  /** Every question so far, for example `A api.test`. */
  readonly questions: string[] = [];
  /** How many questions wait for an answer that was promised. */
  waiting = 0;

  /** @param search Domains that are tried before a name as it is. */
  constructor(...search: string[]) {
    this.#search = search;
  }

  /** Says what a question is answered with from now on. */
  answer(question: string, answer: FakeAnswer | Error | Promise<FakeAnswer>): void {
    this.#answers.set(question, answer);
  }

  /** Says which IPv4 addresses a name has. */
  setAddresses(name: string, ttl: number, ...addresses: string[]): void {
    this.answer(`A ${name}`, { ttl, addresses });
  }

  /** Says that a question is not answered. */
  fail(question: string, why = "it answered SERVFAIL"): void {
    this.answer(question, new DnsFailure(why));
  }

  hosts(host: string): Promise<readonly string[]> {
    return Promise.resolve(this.hostsFile.get(host) ?? []);
  }

  names(host: string): Promise<SearchList> {
    const names = [...this.#search.map((domain) => `${host}.${domain}`), host];
    return Promise.resolve({ names, limit: 10_000 });
  }

  async ask(name: string, type: RecordType, signal: AbortSignal): Promise<DnsAnswer> {
    const question = `${type} ${name}`;
    this.questions.push(question);
    const answer = this.#answers.get(question) ?? {};
    if (answer instanceof Error) throw answer;
    this.waiting++;
    try {
      return complete(question, await Promise.race([answer, aborted(signal)]));
    } finally {
      this.waiting--;
    }
  }
}

function complete(question: string, answer: FakeAnswer): DnsAnswer {
  const { ttl = 60, addresses = [], services = [], hosts = {} } = answer;
  return {
    ttl,
    addresses,
    services: services.map(([priority, weight, port, target]): ServiceRecord => (
      { priority, weight, port, target }
    )),
    hosts: new Map(Object.entries(hosts)),
    empty: addresses.length + services.length === 0 ? `no ${question}` : undefined,
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  if (signal.aborted) reject(signal.reason);
  signal.addEventListener("abort", () => reject(signal.reason));
  return promise;
}
