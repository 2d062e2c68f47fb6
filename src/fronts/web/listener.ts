import type { Certificate } from "./certificate.ts";

/** Options of a listener: address and TLS. */
export interface ListenOptions {
  /** The port; 0 takes a free one. Default: 8000, as for `Deno.serve`. */
  readonly port?: number;
  /** The address. Default: "0.0.0.0", every IPv4 address. */
  readonly hostname?: string;
  /** Closes the listener and aborts all of its requests. Default: none. */
  readonly signal?: AbortSignal;
  /**
   * Certificate for TLS; clients may negotiate HTTP/2. Default: none, cleartext HTTP/1.1 and HTTP/2
   * with prior knowledge.
   */
  readonly tls?: Certificate;
}

/** A port on which a balancer accepts connections. */
export interface Listener {
  /** The address and port that it listens on. */
  readonly addr: { readonly hostname: string; readonly port: number };
  /** Resolves when the listener has stopped. */
  readonly finished: Promise<void>;
  /**
   * Shuts down gracefully: closes this listener's WebSockets with status code 1001, stops accepting
   * connections, and resolves when all active requests and TLS handshakes in progress are done. The
   * signal of {@linkcode ListenOptions} aborts them.
   *
   * First, requests that still arrive are answered for up to 1 s. Over HTTP/1.x, these responses
   * carry `Connection: close`, so keep-alive clients lose no request. Uploads in progress
   * are allowed to finish, because Deno's own shutdown would abort them.
   */
  shutdown(): Promise<void>;
  /**
   * Uses another certificate for new connections; present only on TLS listeners. For 3 s, about
   * half of the new connections still get the old certificate, and HTTP/1.x responses on
   * connections with the old one carry `Connection: close`. After that, the remaining old
   * connections are closed once their requests are answered; a TLS handshake in progress at that
   * moment fails. Uploads in progress delay this by at most 60 s.
   *
   * @param certificate The new certificate and key, as PEM text.
   * @throws {BalancerError} `invalid` if they cannot be used, `unsupported` if Deno runs without
   * `--unstable-net`, or `closed`; the old certificate stays in use.
   */
  replaceCertificate?(certificate: Certificate): Promise<void>;
}
