import type { Cancellable, Cancellation } from "../../core/cancellation.ts";
import { Deadline, type DeadlineQueue } from "../../core/deadlines.ts";
import { BalancerError } from "../../core/errors.ts";

/**
 * Makes a connection to a server; with TLS, verified against the system's certificates, where its
 * URL says `https:`.
 *
 * @param serverUrl The server.
 * @param queue How long the connection, with its TLS handshake, may take.
 * @param cancellation Calls the attempt off.
 * @throws {BalancerError} `connect_failed`, `connect_timeout`, or the cancellation's reason.
 */
export async function dial(
  serverUrl: URL,
  queue: DeadlineQueue,
  cancellation: Cancellation | undefined,
): Promise<Deno.Conn> {
  if (cancellation?.reason !== undefined) throw cancellation.reason;
  const attempt = new Attempt(serverUrl, queue);
  cancellation?.attach(attempt);
  try {
    return await connect(serverUrl, attempt.signal);
  } catch (cause) {
    throw attempt.failure ?? new BalancerError(
      "connect_failed",
      `Cannot connect to ${serverUrl.origin}: ${cause instanceof Error ? cause.message : cause}`,
      { source: "upstream", cause },
    );
  } finally {
    attempt.meet();
    cancellation?.attach(undefined);
  }
}

/** An attempt to connect, which can take too long or be called off. */
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
        `Cannot connect to ${this.#serverUrl.origin}: no answer within ${this.#seconds} s`,
        { source: "upstream" },
      ),
    );
  }
}

async function connect(serverUrl: URL, signal: AbortSignal): Promise<Deno.Conn> {
  const secure = serverUrl.protocol === "https:";
  const hostname = serverUrl.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = Number(serverUrl.port) || (secure ? 443 : 80);
  const socket = await Deno.connect({ hostname, port, signal });
  // Off by default. A head and its content are two writes, and without it the second one waits for
  // the server to acknowledge the first: some 40 ms.
  socket.setNoDelay(true);
  if (!secure) return socket;
  const tls = await Deno.startTls(socket, { hostname, alpnProtocols: ["http/1.1"] });
  function close(): void {
    tls.close();
  }
  signal.addEventListener("abort", close);
  try {
    signal.throwIfAborted();
    await tls.handshake();
    return tls;
  } catch (error) {
    if (!signal.aborted) tls.close();
    throw error;
  } finally {
    signal.removeEventListener("abort", close);
  }
}
