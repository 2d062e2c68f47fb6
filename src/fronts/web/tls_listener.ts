import type { Clock } from "../../runtime/clock.ts";
import { BalancerError } from "../../model/errors.ts";
import { type Certificate, checkCertificate } from "./certificate.ts";
import type { DrainableServer } from "./listener_drain.ts";

/**
 * How long the listener with the old certificate accepts connections beside the new one, in
 * milliseconds: TLS handshakes that are under way when a certificate is replaced can end, and clients
 * that keep their connections learn that these end. Without it, each would lose a request. Of the
 * handshakes under way at its end, the half that the old one has accepted break: Deno's shutdown
 * closes a connection on which no request has arrived.
 */
const OVERLAP_MS = 3000;
/**
 * After how long it ends where the certificate is replaced once more, in milliseconds. By then such
 * clients have gone over to the new one. With a third listener, new connections would be spread over
 * all of them, and clients would go from one that ends to another one that ends.
 */
const SETTLED_MS = 1000;
/**
 * How much longer it accepts connections while clients send content that they had begun to send, in
 * milliseconds. Deno's shutdown breaks that off.
 */
const UPLOADS_MS = 60_000;

/** Where to accept connections. */
export interface TlsAddress {
  /** The port; 0 takes a free one. */
  readonly port: number;
  /** The address. */
  readonly hostname: string;
  /** Stops accepting and breaks everything off. Default: none. */
  readonly signal?: AbortSignal;
}

/** What `Deno.serve` is to be told. */
export interface TlsServeOptions extends TlsAddress, Certificate {
  /** Whether others may listen on the same port. */
  readonly reusePort: boolean;
}

/** What a {@linkcode TlsListener} works with. */
export interface TlsListenerOptions extends TlsAddress {
  /** The certificate to begin with. */
  readonly certificate: Certificate;
  /** Whether several listeners can have one port, without which no certificate is replaced. */
  readonly reusePort: boolean;
  /** Accepts connections. */
  readonly serve: (options: TlsServeOptions) => DrainableServer;
  /** The timer. */
  readonly clock: Clock;
}

/** The time in which a listener with an earlier certificate still accepts connections. */
interface Overlap {
  /** When it began, in the clock's milliseconds. */
  readonly since: number;
  /** Calls off that the listener is shut down at its end. */
  readonly cancel: () => void;
}

/**
 * A port that speaks TLS, and HTTP/2 where the client does, with a certificate that can be replaced.
 *
 * `Deno.serve` keeps the certificate that it was started with. So a new one is served by a second
 * listener on the same port, and the first one stops accepting; what it is working on may finish.
 */
export class TlsListener {
  readonly #options: TlsListenerOptions;
  readonly #finished = Promise.withResolvers<void>();
  /** Those that have not come to their end, with the overlap of those that are to be shut down. */
  readonly #servers = new Map<DrainableServer, Overlap | undefined>();
  #current: DrainableServer;
  #stopping = false;

  /**
   * @param options Where to listen, and with what.
   * @throws {BalancerError} `invalid` if the certificate and key cannot be used.
   * @throws {Deno.errors.AddrInUse} If the port is taken, and what else `Deno.serve` throws.
   */
  constructor(options: TlsListenerOptions) {
    checkCertificate(options.certificate);
    this.#options = options;
    this.#current = this.#start(options.port, options.certificate);
  }

  /** Where it listens. */
  get addr(): DrainableServer["addr"] {
    return this.#current.addr;
  }

  /** Resolves when it has stopped. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /**
   * Uses another certificate for connections that are made from now on.
   *
   * @param certificate The new certificate and key.
   * @throws {BalancerError} `invalid` if they cannot be used, `unsupported` where the runtime lets
   * no two listeners have one port, `closed`; and what `Deno.serve` throws. The old ones stay.
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
    // Before clients of the latest one come to look for another.
    this.#shutDown(SETTLED_MS);
    old.drain();
    const { clock } = this.#options;
    const cancel = clock.after(OVERLAP_MS, () => void old.shutdown(UPLOADS_MS));
    this.#servers.set(old, { since: clock.now(), cancel });
  }

  /** Accepts no more, and resolves when what is under way is over. */
  async shutdown(): Promise<void> {
    this.#stopping = true;
    this.#shutDown(0);
    void this.#current.shutdown();
    await this.finished;
  }

  /** Shuts down those with an earlier certificate that have overlapped for so many milliseconds. */
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
    // The current one ends only where all are told to.
    if (server === this.#current) this.#stopping = true;
    if (this.#servers.size === 0) this.#finished.resolve();
  }
}

function certificateStays(): BalancerError {
  return new BalancerError(
    "unsupported",
    "Cannot replace the certificate: two listeners can share a port only where Deno runs with " +
      "--unstable-net. The old certificate stays in use; start again to use the new one",
  );
}
