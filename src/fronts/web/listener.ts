import type { Certificate } from "./certificate.ts";

/** Where and how to accept connections. */
export interface ListenOptions {
  /** The port; 0 takes a free one. Default: 8000, as for `Deno.serve`. */
  readonly port?: number;
  /** The address. Default: "0.0.0.0", every IPv4 address. */
  readonly hostname?: string;
  /** Stops accepting and aborts every request. Default: none. */
  readonly signal?: AbortSignal;
  /**
   * Serves TLS with this certificate, and HTTP/2 to clients that negotiate it. Default: none,
   * cleartext HTTP/1.1 and HTTP/2 with prior knowledge.
   */
  readonly tls?: Certificate;
}

/** A port on which a balancer accepts connections. */
export interface Listener {
  /** Where it listens. */
  readonly addr: { readonly hostname: string; readonly port: number };
  /** Resolves when it has stopped. */
  readonly finished: Promise<void>;
  /**
   * Closes this listener's WebSockets with the status code 1001, accepts no more connections, and
   * resolves when the open requests are over. It also waits for TLS handshakes, until they complete or
   * the client closes; the signal of {@linkcode ListenOptions} aborts them.
   *
   * Before that, for as long as requests arrive, but at most 1 s, they are still answered, over
   * HTTP/1.x with `Connection: close`, so that keep-alive clients lose no request. Uploads that have
   * begun are waited for as well, as Deno's own shutdown would abort them.
   */
  shutdown(): Promise<void>;
  /**
   * Uses another certificate for new connections; present only on TLS listeners. For 3 s, about half
   * of the new connections still get the old certificate, and HTTP/1.x responses on connections with
   * the old one carry `Connection: close`. Then the remaining ones are closed once their requests are
   * answered; a TLS handshake in progress at that moment fails. Uploads that have begun delay that,
   * by at most 60 s.
   *
   * @param certificate The new certificate and key, as PEM text.
   * @throws {BalancerError} `invalid` if they cannot be used, `unsupported` where Deno runs without
   * `--unstable-net`, `closed`; the old ones stay in use.
   */
  replaceCertificate?(certificate: Certificate): Promise<void>;
}
