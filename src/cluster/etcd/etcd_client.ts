import type { Clock } from "../../runtime/clock.ts";
import { systemClock } from "../../runtime/system_clock.ts";
import { EtcdChannel } from "./etcd_channel.ts";
import { EtcdEndpoints } from "./etcd_endpoints.ts";
import { EndpointError, resultOf } from "./etcd_failure.ts";
import {
  encode,
  type Fields,
  InvalidResponse,
  parseInteger,
  parseOutcome,
  parseRange,
  parseRevision,
} from "./etcd_json.ts";
import { checkEndpoints, type EtcdCredentials, type EtcdOptions } from "./etcd_options.ts";
import {
  type Etcd,
  EtcdError,
  type EtcdKeys,
  type EtcdOutcome,
  type EtcdRange,
  type EtcdRangeOptions,
  type EtcdTransaction,
  type EtcdWatch,
  type EtcdWrite,
} from "./etcd_types.ts";
import { openWatch, readWatch } from "./etcd_watch.ts";

/** A unary call, sent to whichever endpoint answers. */
interface Call<T> {
  readonly what: string;
  readonly path: string;
  readonly body: unknown;
  readonly signal: AbortSignal | undefined;
  /** Default: true. */
  readonly idempotent?: boolean;
  readonly parse: (response: Fields) => T;
}

/** Client for the JSON gateway of etcd 3.4 or newer. Keeps its connections until it is disposed of. */
export class EtcdClient implements Etcd, Disposable {
  readonly #options: EtcdOptions;
  readonly #urls: readonly string[];
  readonly #clock: Clock;
  readonly #endpoints: EtcdEndpoints;
  #channel: EtcdChannel;
  #isClosed = false;

  /**
   * Creates a client; nothing is connected yet.
   *
   * @param options The endpoints and credentials.
   * @throws {BalancerError} `invalid` for endpoints or certificates that cannot be used; `unsupported`
   * for certificates on a runtime that supports none.
   */
  constructor(options: EtcdOptions) {
    this.#options = options;
    this.#urls = checkEndpoints(options.endpoints);
    this.#clock = options.clock ?? systemClock;
    this.#channel = new EtcdChannel(options, this.#clock);
    this.#endpoints = this.#makeEndpoints(() => this.#channel);
  }

  /** See {@linkcode Etcd.endpoint}. */
  get endpoint(): string | undefined {
    return this.#endpoints.current;
  }

  /** See {@linkcode Etcd.range}. */
  range(
    { from, to }: EtcdKeys,
    { since, limit, signal }: EtcdRangeOptions = {},
  ): Promise<EtcdRange> {
    const body = {
      key: encode(from),
      range_end: encode(to),
      ...(since === undefined ? {} : { min_mod_revision: String(since) }),
      ...(limit === undefined ? {} : { limit: String(limit) }),
    };
    return this.#call({
      what: "read from etcd",
      path: "/v3/kv/range",
      body,
      signal,
      parse: parseRange,
    });
  }

  /** See {@linkcode Etcd.transact}. */
  transact({ when, writes }: EtcdTransaction, signal?: AbortSignal): Promise<EtcdOutcome> {
    const body = {
      compare: when.map(({ key, modRevision }) => ({
        key: encode(key),
        target: "MOD",
        result: "EQUAL",
        mod_revision: String(modRevision),
      })),
      success: writes.map(toRequest),
      failure: when.map(({ key }) => ({ request_range: { key: encode(key) } })),
    };
    return this.#call({
      what: "write to etcd",
      path: "/v3/kv/txn",
      body,
      signal,
      idempotent: false,
      parse: parseOutcome,
    });
  }

  /** See {@linkcode Etcd.watch}. */
  async watch(watch: EtcdWatch): Promise<void> {
    const abort = new AbortController();
    const stop = (): void => abort.abort();
    watch.signal.addEventListener("abort", stop);
    try {
      watch.signal.throwIfAborted();
      await this.#channel.use((channel) => this.#watch(watch, abort, channel));
    } catch (error) {
      if (!watch.signal.aborted) throw error;
    } finally {
      watch.signal.removeEventListener("abort", stop);
    }
  }

  /** See {@linkcode Etcd.grant}. */
  grant(seconds: number, signal?: AbortSignal): Promise<string> {
    return this.#call({
      what: "get a lease from etcd",
      path: "/v3/lease/grant",
      body: { TTL: String(seconds) },
      signal,
      parse: parseLease,
    });
  }

  /** See {@linkcode Etcd.keepAlive}. */
  async keepAlive(lease: string, signal?: AbortSignal): Promise<void> {
    await this.#call({
      what: "renew a lease of etcd",
      path: "/v3/lease/keepalive",
      body: { ID: lease },
      signal,
      parse: checkRenewed,
    });
  }

  /** See {@linkcode Etcd.revoke}. */
  async revoke(lease: string, signal?: AbortSignal): Promise<void> {
    try {
      await this.#call({
        what: "revoke a lease of etcd",
        path: "/v3/lease/revoke",
        body: { ID: lease },
        signal,
        parse: parseRevision,
      });
    } catch (error) {
      if (!(error instanceof EtcdError && error.failure === "no_lease")) throw error;
    }
  }

  /** See {@linkcode Etcd.setCredentials}. */
  async setCredentials(
    credentials: EtcdCredentials,
    { verify, signal }: { readonly verify?: EtcdKeys; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const { user: _, ca: __, certificate: ___, ...common } = this.#options;
    const next = new EtcdChannel({ ...common, ...credentials }, this.#clock);
    try {
      if (verify !== undefined) await this.#verify(next, verify, signal);
    } catch (error) {
      next.retire();
      throw error;
    }
    if (this.#isClosed) return next.retire();
    this.#channel.retire();
    this.#channel = next;
  }

  /** Closes the connections. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#channel[Symbol.dispose]();
  }

  #makeEndpoints(channel: () => EtcdChannel): EtcdEndpoints {
    return new EtcdEndpoints(
      this.#urls,
      (endpoint, signal) => channel().use(({ gateway }) => gateway.ping(endpoint, signal)),
      this.#clock,
    );
  }

  /** Reads a key over a new channel, without affecting what is known about the endpoints. */
  async #verify(
    channel: EtcdChannel,
    { from, to }: EtcdKeys,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const body = { key: encode(from), range_end: encode(to), limit: "1" };
    const path = "/v3/kv/range";
    await this.#makeEndpoints(() => channel).run({
      what: "use the new credentials for etcd",
      idempotent: true,
      signal,
      send: (endpoint) => channel.call({ endpoint, path, body, signal }, parseRange),
    });
  }

  #call<T>({ what, path, body, signal, idempotent = true, parse }: Call<T>): Promise<T> {
    return this.#endpoints.run({
      what,
      idempotent,
      signal,
      send: (endpoint) => this.#channel.call({ endpoint, path, body, signal }, parse),
    });
  }

  async #watch(watch: EtcdWatch, abort: AbortController, channel: EtcdChannel): Promise<void> {
    const { signal } = abort;
    const what = "watch etcd";
    const open = await this.#endpoints.run({
      what,
      idempotent: true,
      signal,
      send: (endpoint) =>
        channel.session.run(
          endpoint,
          signal,
          (token) => openWatch(channel.gateway, watch, { endpoint, token, signal }),
        ),
    });
    const { endpoint } = open;
    // One key is enough: it only matters whether the majority answers.
    const body = { key: encode(watch.keys.from), range_end: encode(watch.keys.to), limit: "1" };
    const request = { endpoint, path: "/v3/kv/range", body, signal };
    const check = (): Promise<unknown> => this.#channel.call(request, parseRange);
    watch.onStart?.();
    try {
      await readWatch(open, watch, { check, clock: this.#clock, abort });
    } catch (error) {
      if (!(error instanceof EndpointError) || watch.signal.aborted) throw error;
      const { failure, message } = error;
      const isBroken = failure === "unreachable" || failure === "unknown";
      if (isBroken) this.#endpoints.fail(endpoint, message);
      const reason = isBroken ? "unreachable" : failure;
      throw new EtcdError(reason, `Cannot ${what}: ${endpoint} ${message}`, { cause: error });
    }
  }
}

function toRequest(write: EtcdWrite): Record<string, unknown> {
  if ("delete" in write) return { request_delete_range: { key: encode(write.delete) } };
  const { put, value, lease } = write;
  const request = { key: encode(put), value: encode(value) };
  return { request_put: lease === undefined ? request : { ...request, lease } };
}

function parseLease({ ID }: Fields): string {
  if (typeof ID === "string" && /^-?\d+$/.test(ID)) return ID;
  throw new InvalidResponse("it has no lease");
}

/** The response is a stream of one message; an expired lease has no time to live. */
function checkRenewed(response: Fields): void {
  if (parseInteger(resultOf(response)["TTL"]) > 0) return;
  throw new EndpointError("no_lease", "says that the lease has expired");
}
