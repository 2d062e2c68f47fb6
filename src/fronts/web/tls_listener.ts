import type { Clock } from "../../runtime/clock.ts";
import { mayReusePort } from "../../runtime/reuse_port.ts";
import { systemClock } from "../../runtime/system_clock.ts";
import { BalancerError } from "../../model/errors.ts";
import { type Certificate, checkCertificate } from "./certificate.ts";
import type { DrainableServer } from "./listener_drain.ts";
import { checkCanListen } from "./web_listener.ts";

/**
 * How long the listener with the old certificate accepts connections beside the new one, in
 * milliseconds: TLS handshakes in progress can complete, and keep-alive clients are told that their
 * connections close. Without it, each of these would lose a request. At its end, the handshakes in
 * progress on the old listener fail: Deno's shutdown closes a connection without a request.
 */
const OVERLAP_MS = 3000;
/**
 * The overlap after which it ends early if the certificate is replaced again, in milliseconds. By
 * then such clients have moved to the new listener. With a third listener, new connections would be
 * spread over all of them, and clients would move from one that ends to another that ends.
 */
const SETTLED_MS = 1000;
/**
 * How much longer it stays up for uploads that have begun, in milliseconds: Deno's shutdown aborts
 * them.
 */
const UPLOADS_MS = 60_000;

/** The address of a TLS listener. */
export interface TlsAddress {
  /** The port; 0 takes a free one. */
  readonly port: number;
  /** The address. */
  readonly hostname: string;
  /** Stops accepting and aborts every request. Default: none. */
  readonly signal?: AbortSignal;
}

/** Options of `Deno.serve` for TLS. */
export interface TlsServeOptions extends TlsAddress, Certificate {
  /** Whether other listeners may share the port. */
  readonly reusePort: boolean;
}

/** Options of a {@linkcode TlsListener}. */
export interface TlsListenerOptions extends TlsAddress {
  /** The first certificate. */
  readonly certificate: Certificate;
  /** Whether listeners can share a port; certificates can be replaced only if they can. */
  readonly reusePort: boolean;
  /** Starts a server. */
  readonly serve: (options: TlsServeOptions) => DrainableServer;
  /** The timer. */
  readonly clock: Clock;
}

/** The time during which a listener with an earlier certificate still accepts connections. */
interface Overlap {
  /** When it began, in the clock's milliseconds. */
  readonly since: number;
  /** Cancels the shutdown that is due at its end. */
  readonly cancel: () => void;
}

/**
 * A TLS listener, with HTTP/2 by ALPN, whose certificate can be replaced.
 *
 * `Deno.serve` keeps the certificate that it was started with. So a second server on the same port
 * serves the new one, and the first stops accepting connections and finishes its open requests.
 */
export class TlsListener {
  readonly #options: TlsListenerOptions;
  readonly #finished = Promise.withResolvers<void>();
  /** The running servers, each with its overlap if its certificate was replaced. */
  readonly #servers = new Map<DrainableServer, Overlap | undefined>();
  #current: DrainableServer;
  #stopping = false;

  /**
   * @param options The address, the first certificate, and the parts.
   * @throws {BalancerError} `invalid` if the certificate and key cannot be used.
   * @throws {Deno.errors.AddrInUse} If the port is taken; and other exceptions of `Deno.serve`.
   */
  constructor(options: TlsListenerOptions) {
    checkCertificate(options.certificate);
    this.#options = options;
    this.#current = this.#start(options.port, options.certificate);
  }

  /** The address that it listens on. */
  get addr(): DrainableServer["addr"] {
    return this.#current.addr;
  }

  /** Resolves when it has stopped. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /**
   * Uses another certificate for new connections.
   *
   * @param certificate The new certificate and key.
   * @throws {BalancerError} `invalid` if they cannot be used, `unsupported` where listeners cannot
   * share a port, `closed`; and exceptions of `Deno.serve`. The old certificate then stays in use.
   */
  // deno-lint-ignore require-await
  async replaceCertificate(certificate: Certificate): Promise<void> {
    if (this.#stopping) {
      throw new BalancerError("closed", "Cannot replace the certificate: the listener is closed");
    }
    checkCertificate(certificate);
    if (!this.#options.reusePort) throw certificateStays();
    const old = this.#current;
    this.#current = this.#start(old.addr.port, certificate);
    // Before clients of the latest server look for another one.
    this.#shutDown(SETTLED_MS);
    old.drain();
    const { clock } = this.#options;
    const cancel = clock.after(OVERLAP_MS, () => void old.shutdown(UPLOADS_MS));
    this.#servers.set(old, { since: clock.now(), cancel });
  }

  /** Accepts no more connections, and resolves when the open requests are over. */
  async shutdown(): Promise<void> {
    this.#stopping = true;
    this.#shutDown(0);
    void this.#current.shutdown();
    await this.finished;
  }

  /** Shuts down servers with an earlier certificate whose overlap has lasted this long, in ms. */
  #shutDown(overlapped: number): void {
    const now = this.#options.clock.now();
    for (const [server, overlap] of this.#servers) {
      if (overlap === undefined || now - overlap.since < overlapped) continue;
      overlap.cancel();
      void (this.#stopping ? server.shutdown() : server.shutdown(UPLOADS_MS));
    }
  }

  #start(port: number, { cert, key }: Certificate): DrainableServer {
    const { hostname, signal, reusePort, serve } = this.#options;
    const server = serve({
      port,
      hostname,
      reusePort,
      cert,
      key,
      ...(signal === undefined ? {} : { signal }),
    });
    this.#servers.set(server, undefined);
    const onEnd = () => this.#ended(server);
    server.finished.then(onEnd, onEnd);
    return server;
  }

  #ended(server: DrainableServer): void {
    this.#servers.get(server)?.cancel();
    this.#servers.delete(server);
    // The current server ends only when all of them are shut down.
    if (server === this.#current) this.#stopping = true;
    if (this.#servers.size === 0) this.#finished.resolve();
  }
}

/**
 * Listens for TLS connections on this thread alone.
 *
 * @param address The address.
 * @param certificate The first certificate.
 * @param serve Starts a server.
 * @throws {BalancerError} `invalid` if the certificate and key cannot be used, `unsupported` on
 * runtimes other than Deno.
 * @throws {Deno.errors.AddrInUse} If the port is taken; and other exceptions of `Deno.serve`.
 */
export function listenTls(
  address: TlsAddress,
  certificate: Certificate,
  serve: TlsListenerOptions["serve"],
): TlsListener {
  checkCanListen();
  const { hostname, port } = address;
  // With reusePort, listening succeeds even where another program shares the port. That is refused.
  Deno.listen({ hostname, port }).close();
  const reusePort = mayReusePort();
  return new TlsListener({ ...address, certificate, serve, reusePort, clock: systemClock });
}

function certificateStays(): BalancerError {
  return new BalancerError(
    "unsupported",
    "Cannot replace the certificate: two listeners can share a port only where Deno runs with " +
      "--unstable-net. The old certificate stays in use; restart to use the new one",
  );
}
