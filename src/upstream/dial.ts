import type { Cancellable, Cancellation } from "../runtime/cancellation.ts";
import { Deadline, type DeadlineQueue } from "../runtime/deadlines.ts";
import { BalancerError } from "../model/errors.ts";
import { secondsText } from "../model/seconds_text.ts";
import type { UpstreamTls } from "../model/settings.ts";
import { connectFailed, explainConnectFailure } from "./connect_failure.ts";
import { explainTlsFailure } from "./tls_failure.ts";

/** Options of {@linkcode dial}. */
export interface DialOptions {
  /** The timeout of the connection with its TLS handshake. */
  readonly queue: DeadlineQueue;
  /** How `https:` servers are verified. */
  readonly tls: UpstreamTls;
  /** Cancels the attempt. */
  readonly cancellation: Cancellation | undefined;
}

/** Whether the runtime has Deno's sockets. */
export function canDial(): boolean {
  return typeof Deno !== "undefined" && "connect" in Deno;
}

/**
 * Connects to a server, with TLS if its URL is `https:`. Its certificate is verified against the
 * authorities that the runtime trusts, and those of `tls`.
 *
 * @param serverUrl The server.
 * @param options Timeout, TLS settings and cancellation.
 * @throws {BalancerError} `connect_failed`, `connect_timeout`, `out_of_resources`, `no_route`, or the
 * cancellation's reason.
 */
export async function dial(serverUrl: URL, options: DialOptions): Promise<Deno.Conn> {
  const { queue, tls, cancellation } = options;
  if (cancellation?.reason !== undefined) throw cancellation.reason;
  const attempt = new Attempt(serverUrl, queue);
  cancellation?.attach(attempt);
  try {
    const socket = await connect(serverUrl, attempt.signal);
    if (serverUrl.protocol !== "https:") return socket;
    return await secure(socket, { serverUrl, tls, signal: attempt.signal });
  } catch (cause) {
    if (attempt.failure !== undefined) throw attempt.failure;
    if (cause instanceof BalancerError) throw cause;
    throw explainConnectFailure(serverUrl.origin, cause);
  } finally {
    attempt.disarm();
    cancellation?.attach(undefined);
  }
}

/** An attempt to connect, with a deadline, which can be cancelled. */
class Attempt extends Deadline implements Cancellable {
  readonly #serverUrl: URL;
  readonly #abort = new AbortController();
  readonly #seconds: number;
  failure: BalancerError | undefined;

  constructor(serverUrl: URL, queue: DeadlineQueue) {
    super();
    this.#serverUrl = serverUrl;
    this.#seconds = queue.milliseconds / 1000;
    queue.add(this);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  cancel(reason: BalancerError): void {
    this.failure ??= reason;
    this.#abort.abort();
  }

  override onDue(): void {
    this.cancel(
      new BalancerError(
        "connect_timeout",
        `Cannot connect to ${this.#serverUrl.origin}: no answer within ${
          secondsText(this.#seconds)
        }`,
        { source: "upstream" },
      ),
    );
  }
}

async function connect(serverUrl: URL, signal: AbortSignal): Promise<Deno.TcpConn> {
  const port = Number(serverUrl.port) || (serverUrl.protocol === "https:" ? 443 : 80);
  const socket = await Deno.connect({ hostname: bareHost(serverUrl), port, signal });
  // Off by default. A head and its content are two writes; without it the second one waits some 40 ms
  // for the server to acknowledge the first.
  socket.setNoDelay(true);
  return socket;
}

interface SecureOptions {
  readonly serverUrl: URL;
  readonly tls: UpstreamTls;
  readonly signal: AbortSignal;
}

/**
 * Starts TLS on a connection, which is closed if that fails. Deno 2.9 keeps the socket of an aborted
 * handshake until the server closes it or completes the handshake; it can only be abandoned here.
 */
async function secure(socket: Deno.TcpConn, options: SecureOptions): Promise<Deno.TlsConn> {
  const { serverUrl, tls, signal } = options;
  const name = tls.serverName ?? bareHost(serverUrl);
  let open: Deno.Conn = socket;
  function close(): void {
    try {
      open.close();
    } catch {
      // The runtime has closed it, or has taken it over and dropped it.
    }
  }
  signal.addEventListener("abort", close);
  try {
    const conn = await Deno.startTls(socket, {
      hostname: name,
      caCerts: [...tls.caCerts ?? []],
      alpnProtocols: ["http/1.1"],
    });
    open = conn;
    signal.throwIfAborted();
    await conn.handshake();
    signal.throwIfAborted();
    return conn;
  } catch (cause) {
    close();
    throw connectFailed(serverUrl.origin, explainTlsFailure(cause, name), cause);
  } finally {
    signal.removeEventListener("abort", close);
  }
}

/** The host of a URL, without the brackets around an IPv6 address. */
function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}
