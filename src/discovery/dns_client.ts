import type { Clock } from "../runtime/clock.ts";
import { addressAndPort, type NameServer } from "../model/name_server.ts";
import { secondsText } from "../model/seconds_text.ts";
import { mayConnect } from "../runtime/net_permission.ts";
import { withTimeout } from "../runtime/time.ts";
import { type DnsQuestion, readAnswer, writeQuestion } from "./dns_message.ts";
import {
  type DnsAnswer,
  DnsFailure,
  type DnsResolver,
  type RecordType,
  type SearchList,
} from "./dns_resolver.ts";
import { askOverTcp } from "./dns_tcp.ts";
import { askOverUdp } from "./dns_udp.ts";
import { type Attempt, firstSuccess } from "./first_success.ts";
import { fullNames, type ResolverConfig } from "./resolv_conf.ts";

/** The head start of each name server before the next one, in milliseconds. */
const HEAD_START_MS = 300;
/** How long a name server that did not answer is asked last, in milliseconds. */
const LAST_MS = 60_000;
/** The lower bound of the timeout of a name's lookup, with all its questions, in milliseconds. */
const LOOKUP_MS = 10_000;
/** How long a name server that refuses TCP is asked by UDP only, in milliseconds. */
const WITHOUT_TCP_MS = 60_000;
/** The largest answer over UDP, in bytes, which no network fragments (DNS flag day 2020). */
const PAYLOAD_SIZE = 1232;

/** A question, and the timeout of each transport, in milliseconds. */
interface Question {
  readonly name: string;
  readonly type: RecordType;
  readonly timeout: number;
}

/** Options of a {@linkcode DnsClient}. */
export interface DnsClientOptions {
  /** The timers. */
  readonly clock: Clock;
  /** Reads the resolver configuration; called for each lookup. */
  readonly configure: () => Promise<ResolverConfig>;
  /** Looks a name up in this machine's hosts file. Default: none. */
  readonly hosts?: ((host: string) => Promise<readonly string[]>) | undefined;
}

/**
 * A DNS client that asks name servers until one answers, each with a head start before the next: by
 * TCP, which every server must support (RFC 7766 §5), and by UDP where one does not. Over UDP, large
 * answers are truncated, by some servers silently: Consul then omits all but a few services.
 */
export class DnsClient implements DnsResolver {
  readonly #clock: Clock;
  readonly #configure: () => Promise<ResolverConfig>;
  readonly #hosts: (host: string) => Promise<readonly string[]>;
  /** Until when servers that refuse TCP are not asked by it. */
  readonly #withoutTcp = new Map<string, number>();
  /** Until when servers that did not answer are asked last. */
  readonly #last = new Map<string, number>();

  /** @param options The options. */
  constructor({ clock, configure, hosts = noHosts }: DnsClientOptions) {
    this.#clock = clock;
    this.#configure = configure;
    this.#hosts = hosts;
  }

  /** See {@linkcode DnsResolver}. */
  hosts(host: string): Promise<readonly string[]> {
    return this.#hosts(host);
  }

  /** See {@linkcode DnsResolver}. */
  async names(host: string): Promise<SearchList> {
    const config = await this.#configure();
    const { servers, timeout, attempts } = config;
    const question = attempts * (2 * timeout + HEAD_START_MS * (servers.length - 1));
    // The question for a service is followed by those for its targets.
    return { names: fullNames(host, config), limit: Math.max(LOOKUP_MS, 2 * question) };
  }

  /** Asks one question, of the first name server and, if it does not answer soon, of the others. */
  async ask(name: string, type: RecordType, signal: AbortSignal): Promise<DnsAnswer> {
    const { servers, timeout, attempts } = await this.#configure();
    let failures: string[] = [];
    for (let attempt = 0; attempt < attempts; attempt++) {
      const ordered = this.#inOrder(servers);
      try {
        return await this.#askAll(ordered, { name, type, timeout }, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof AggregateError)) throw error;
        failures = ordered.map((server, i) => `${nameOf(server)}: ${messageOf(error.errors[i])}`);
      }
    }
    throw new DnsFailure(`no answer for ${type} of ${name} from ${failures.join("; ")}`);
  }

  /** Name servers that recently failed to answer come last. */
  #inOrder(servers: readonly NameServer[]): readonly NameServer[] {
    const now = this.#clock.now();
    const isLast = (server: NameServer) => (this.#last.get(nameOf(server)) ?? -Infinity) > now;
    return [...servers.filter((server) => !isLast(server)), ...servers.filter(isLast)];
  }

  async #askAll(
    servers: readonly NameServer[],
    question: Question,
    signal: AbortSignal,
  ): Promise<DnsAnswer> {
    const attempts = servers.map((server): Attempt<DnsAnswer> => (limit, giveWay) =>
      this.#askServer(server, { ...question, giveWay }, limit)
    );
    const headStart = { clock: this.#clock, milliseconds: HEAD_START_MS, signal };
    const { value, index, late } = await firstSuccess(attempts, headStart);
    for (const each of late) this.#putLast(nameOf(servers[each]!));
    this.#last.delete(nameOf(servers[index]!));
    return value;
  }

  #putLast(address: string): void {
    this.#last.set(address, this.#clock.now() + LAST_MS);
  }

  async #askServer(
    server: NameServer,
    { name, type, timeout, giveWay }: Question & { giveWay: () => void },
    signal: AbortSignal,
  ): Promise<DnsAnswer> {
    const address = nameOf(server);
    const [id] = crypto.getRandomValues(new Uint16Array(1));
    const question: DnsQuestion = { id: id!, name, type };
    if (!mayConnect(address)) throw notPermitted("ask there", address);
    let why = "it refuses TCP";
    let until = this.#withoutTcp.get(address) ?? 0;
    if (until <= this.#clock.now()) {
      const answer = await this.#within(
        { timeout, signal },
        (limit) => askOverTcp(server, writeQuestion(question), limit),
      );
      if (!(answer instanceof DnsFailure)) return readAnswer(answer, question);
      // Perhaps nothing listens there at all, which UDP does not always report.
      giveWay();
      why = answer.message;
      until = this.#clock.now() + WITHOUT_TCP_MS;
    }
    const any = server.address.includes(":") ? "[::]:0" : "0.0.0.0:0";
    if (!mayConnect(any)) throw notPermitted(`ask by UDP; by TCP, ${why}`, any);
    const answer = await this.#within(
      { timeout, signal },
      (limit) =>
        askOverUdp(server, writeQuestion(question, PAYLOAD_SIZE), {
          clock: this.#clock,
          signal: limit,
        }),
    );
    // An answer that is too large is asked for by TCP next time.
    this.#withoutTcp.delete(address);
    if (answer instanceof DnsFailure) {
      this.#putLast(address);
      throw new DnsFailure(`${why}; by UDP, ${answer.message}`);
    }
    const read = readAnswer(answer, question);
    this.#withoutTcp.set(address, until);
    return read;
  }

  /** Asks within a timeout; returns the answer, or why there is none. */
  async #within(
    { timeout, signal }: { timeout: number; signal: AbortSignal },
    ask: (limit: AbortSignal) => Promise<Uint8Array>,
  ): Promise<Uint8Array | DnsFailure> {
    const error = () => new DnsFailure(`no answer within ${secondsText(timeout / 1000)}`);
    try {
      const limit = { clock: this.#clock, milliseconds: timeout, signal, error };
      return await withTimeout(limit, ask);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof DnsFailure) return error;
      throw error;
    }
  }
}

function noHosts(): Promise<readonly string[]> {
  return Promise.resolve([]);
}

function nameOf({ address, port }: NameServer): string {
  return addressAndPort(address, port);
}

/** Why a server gave no usable answer; any other error is a defect. */
function messageOf(error: unknown): string {
  if (error instanceof DnsFailure) return error.message;
  throw error;
}

function notPermitted(what: string, address: string): DnsFailure {
  return new DnsFailure(
    `the program may not ${what}; restart it with ${address} in --allow-net`,
  );
}
