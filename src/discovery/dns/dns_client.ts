import type { Clock } from "../../core/clock.ts";
import { addressAndPort, type NameServer } from "../../core/name_server.ts";
import { mayConnect } from "../../net_permission.ts";
import { type DnsQuestion, readAnswer, writeQuestion } from "./dns_message.ts";
import { type DnsAnswer, DnsFailure, type DnsResolver, type RecordType } from "./dns_resolver.ts";
import { askOverTcp } from "./dns_tcp.ts";
import { askOverUdp } from "./dns_udp.ts";
import { fullNames, type ResolverConfig } from "./resolv_conf.ts";

/** How long a name server may take to answer, by TCP and then by UDP, in milliseconds. */
const ANSWER_MS = 2000;
/** For how long a name server that takes no TCP is asked by UDP at once, in milliseconds. */
const WITHOUT_TCP_MS = 60_000;
/** The largest answer over UDP, in bytes: what no network breaks up (DNS flag day 2020). */
const PAYLOAD_SIZE = 1232;

/** What a {@linkcode DnsClient} works with. */
export interface DnsClientOptions {
  /** The timers. */
  readonly clock: Clock;
  /** Tells whom to ask; called for each lookup. */
  readonly configure: () => Promise<ResolverConfig>;
}

/**
 * Asks name servers, one after the other until one has an answer: by TCP, which every server has to
 * take (RFC 7766 §5), and by UDP those that do not. Over UDP, answers that are large are cut off, by
 * some servers without a word: Consul leaves out all but a few services then.
 */
export class DnsClient implements DnsResolver {
  readonly #clock: Clock;
  readonly #configure: () => Promise<ResolverConfig>;
  /** Until when servers are not asked by TCP, which they do not take. */
  readonly #withoutTcp = new Map<string, number>();

  /** @param options What to work with. */
  constructor({ clock, configure }: DnsClientOptions) {
    this.#clock = clock;
    this.#configure = configure;
  }

  /** The full names that a name may stand for, in the order in which they are to be tried. */
  async names(host: string): Promise<readonly string[]> {
    return fullNames(host, await this.#configure());
  }

  /** Asks one question: the first name server, and where that gives no answer, the next one. */
  async ask(name: string, type: RecordType, signal: AbortSignal): Promise<DnsAnswer> {
    const { servers } = await this.#configure();
    const failures: string[] = [];
    for (const server of servers) {
      const address = addressAndPort(server.address, server.port);
      try {
        const [id] = crypto.getRandomValues(new Uint16Array(1));
        return await this.#askServer(server, { id: id!, name, type }, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof DnsFailure)) throw error;
        failures.push(`${address}: ${error.message}`);
      }
    }
    throw new DnsFailure(`no answer for ${type} of ${name} from ${failures.join("; ")}`);
  }

  async #askServer(
    server: NameServer,
    question: DnsQuestion,
    signal: AbortSignal,
  ): Promise<DnsAnswer> {
    const address = addressAndPort(server.address, server.port);
    if (!mayConnect(address)) throw notPermitted("ask there", address);
    let why = "it takes no TCP";
    let until = this.#withoutTcp.get(address) ?? 0;
    if (until <= this.#clock.now()) {
      const answer = await this.#within(
        signal,
        (limit) => askOverTcp(server, writeQuestion(question), limit),
      );
      if (!(answer instanceof DnsFailure)) return readAnswer(answer, question);
      why = answer.message;
      until = this.#clock.now() + WITHOUT_TCP_MS;
    }
    const any = server.address.includes(":") ? "[::]:0" : "0.0.0.0:0";
    if (!mayConnect(any)) throw notPermitted(`ask by UDP; by TCP, ${why}`, any);
    const answer = await this.#within(
      signal,
      (limit) =>
        askOverUdp(server, writeQuestion(question, PAYLOAD_SIZE), {
          clock: this.#clock,
          signal: limit,
        }),
    );
    // An answer that is too large is asked for by TCP the next time.
    this.#withoutTcp.delete(address);
    if (answer instanceof DnsFailure) throw new DnsFailure(`${why}; by UDP, ${answer.message}`);
    const read = readAnswer(answer, question);
    this.#withoutTcp.set(address, until);
    return read;
  }

  /** What a way of asking comes to in the time that it has: an answer, or why there is none. */
  async #within(
    signal: AbortSignal,
    ask: (limit: AbortSignal) => Promise<Uint8Array>,
  ): Promise<Uint8Array | DnsFailure> {
    const abort = new AbortController();
    const cancel = this.#clock.after(ANSWER_MS, () => {
      abort.abort(new DnsFailure(`it gave no answer within ${ANSWER_MS / 1000} s`));
    });
    try {
      return await ask(AbortSignal.any([signal, abort.signal]));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof DnsFailure) return error;
      throw error;
    } finally {
      cancel();
    }
  }
}

function notPermitted(what: string, address: string): DnsFailure {
  return new DnsFailure(
    `the program may not ${what}; restart it with ${address} in --allow-net`,
  );
}
