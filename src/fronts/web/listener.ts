import type { Certificate } from "./certificate.ts";

/** Where and how to accept connections. */
export interface ListenOptions {
  /** The port; 0 takes a free one. Default: 8000, as `Deno.serve` has it. */
  readonly port?: number;
  /** The address. Default: "0.0.0.0", all. */
  readonly hostname?: string;
  /** Stops accepting and breaks everything off. Default: none. */
  readonly signal?: AbortSignal;
  /**
   * What TLS is spoken with, and HTTP/2 with clients that can. Default: none, cleartext HTTP/1.1
   * and HTTP/2 with prior knowledge.
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
   * Closes every WebSocket that came this way with the status code 1001, accepts no more, and resolves
   * when what is under way is over. A TLS handshake is under way until it is complete or the client
   * closes; the signal of {@linkcode ListenOptions} breaks it off.
   *
   * Before, while requests come, but for 1 s at most, they are still answered, and over HTTP/1.x with
   * `Connection: close`: clients that keep their connections lose no request. The same goes for as
   * long as clients send content that they had begun to send, which Deno would break off.
   */
  shutdown(): Promise<void>;
  /**
   * Uses another certificate for connections that are made from now on; there where TLS is spoken.
   * For 3 s, about half of them still get the old one, and responses over HTTP/1.x on connections
   * with the old one say `Connection: close`. Then those that are left are closed once their requests
   * are answered; one that is in its TLS handshake at that moment breaks off. Content that clients
   * had begun to send puts that off, by 60 s at most.
   *
   * @param certificate The new certificate and key, as PEM text.
   * @throws {BalancerError} `invalid` if they cannot be used, `unsupported` where Deno runs without
   * `--unstable-net`, `closed`; the old ones stay in use.
   */
  replaceCertificate?(certificate: Certificate): Promise<void>;
}
