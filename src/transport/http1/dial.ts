import type { Cancellation } from "../../core/cancellation.ts";
import type { Deadlines } from "../../core/deadlines.ts";
import { BalancerError } from "../../core/errors.ts";
import { Connection } from "./connection.ts";

/** What it takes to dial. */
export interface DialOptions {
  /** The timer for all connections. */
  readonly deadlines: Deadlines;
  /** How long a connection, with its TLS handshake, may take, in milliseconds. */
  readonly timeout: number;
  /** Calls the attempt off. */
  readonly cancellation: Cancellation | undefined;
}

/**
 * Makes a connection to a server; with TLS, verified against the system's certificates, where its
 * URL says `https:`.
 *
 * @throws {BalancerError} `connect_failed`, `connect_timeout`, or the cancellation's reason.
 */
export async function dial(serverUrl: URL, options: DialOptions): Promise<Connection> {
  const { deadlines, timeout, cancellation } = options;
  const abort = new AbortController();
  let failure: BalancerError | undefined;
  function giveUp(reason: BalancerError): void {
    failure ??= reason;
    abort.abort();
  }
  if (cancellation?.reason !== undefined) throw cancellation.reason;
  cancellation?.onCancel(giveUp);
  const deadline = deadlines.start(timeout, () => giveUp(tooSlow(serverUrl, timeout)));
  try {
    return new Connection(await connect(serverUrl, abort.signal));
  } catch (cause) {
    throw failure ?? new BalancerError(
      "connect_failed",
      `Cannot connect to ${serverUrl.origin}: ${cause instanceof Error ? cause.message : cause}`,
      { source: "upstream", cause },
    );
  } finally {
    deadlines.cancel(deadline);
    cancellation?.onCancel(undefined);
  }
}

async function connect(serverUrl: URL, signal: AbortSignal): Promise<Deno.Conn> {
  const secure = serverUrl.protocol === "https:";
  const hostname = serverUrl.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = Number(serverUrl.port) || (secure ? 443 : 80);
  const socket = await Deno.connect({ hostname, port, signal });
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

function tooSlow(serverUrl: URL, timeout: number): BalancerError {
  return new BalancerError(
    "connect_timeout",
    `Cannot connect to ${serverUrl.origin}: no answer within ${timeout / 1000} s`,
    { source: "upstream" },
  );
}
