import type { Clock } from "../../src/runtime/clock.ts";
import { BalancerError, type ErrorCode } from "../../src/model/errors.ts";
import type {
  ConnectionCounts,
  SendOptions,
  Transport,
  UpstreamResponse,
} from "../../src/upstream/transport.ts";

/** Servers without sockets that are only ever probed. */
export class ProbedServers {
  /** The servers that refuse connections. */
  readonly down = new Set<string>();
  /** The servers that never answer. */
  readonly hanging = new Set<string>();
  /** When which server was probed by whom. */
  readonly probes: { readonly at: number; readonly url: string; readonly by: string }[] = [];
  /** By what probes fail that cannot be sent: those by somebody, of a server, or both ("by url"). */
  readonly unable = new Map<string, ErrorCode>();
  readonly #clock: Clock;

  /** @param clock The clock of the probes' times. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The transport to them. */
  transport(by: string): Transport {
    return new ProbeTransport((url, options) => this.#answer(url, by, options));
  }

  /** How many probes there were since a time, of a server and by a prober, or of and by any. */
  count(since: number, { url, by }: { url?: string; by?: string } = {}): number {
    return this.probes.filter((probe) =>
      probe.at >= since && (url ?? probe.url) === probe.url && (by ?? probe.by) === probe.by
    ).length;
  }

  #answer(url: string, by: string, { cancellation }: SendOptions): Promise<UpstreamResponse> {
    this.probes.push({ at: this.#clock.now(), url, by });
    const unable = [by, url, `${by} ${url}`].map((key) => this.unable.get(key)).find(Boolean);
    if (unable !== undefined) return Promise.reject(new BalancerError(unable, `${by}: ${unable}`));
    if (this.hanging.has(url)) {
      return new Promise((_, reject) => cancellation?.attach({ cancel: reject }));
    }
    if (this.down.has(url)) return Promise.reject(new BalancerError("connect_failed", "refused"));
    const nothing = { headers: [], contentLength: undefined, body: null };
    return Promise.resolve({ status: 200, ...nothing, discard: () => {} });
  }
}

class ProbeTransport implements Transport {
  readonly #answer: (url: string, options: SendOptions) => Promise<UpstreamResponse>;

  constructor(answer: (url: string, options: SendOptions) => Promise<UpstreamResponse>) {
    this.#answer = answer;
  }

  send(url: string, _: unknown, options: SendOptions = {}): Promise<UpstreamResponse> {
    return this.#answer(url, options);
  }

  forget(): void {}

  connections(): ConnectionCounts {
    return { open: 0, idle: 0 };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
