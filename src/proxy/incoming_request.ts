import type { UpstreamRequest } from "../http1/message.ts";
import type { WebSockets } from "./websockets.ts";

/** A client's request, ready to be sent to a server. */
export interface IncomingRequest extends UpstreamRequest {
  /** Whether the client asks for a WebSocket. */
  readonly webSocket: boolean;
}

/** The runtime's information about a request, as `Deno.serve` passes it to its handler. */
export interface RequestInfo {
  /** The client's address. */
  readonly remoteAddr?: { readonly transport?: string; readonly hostname?: string };
  /** Settles when the response has been delivered, or delivery has failed. */
  readonly completed?: Promise<void>;
}

/** Information about a request from the balancer's own listener. */
export interface ListenerInfo extends RequestInfo {
  /**
   * Whether the response goes straight to the platform's server, which has finished with a piece of
   * content when it asks for the next one. Code in between might not have.
   */
  readonly direct?: boolean;
  /** The scheme of the client's connection: `http` or `https`. */
  readonly scheme?: string;
  /** The listener. */
  readonly listener?: {
    /** Whether it is about to close its connections. */
    readonly draining: boolean;
    /** Reports that content is being received until the promise settles. */
    trackUpload(upload: Promise<unknown>): void;
  };
  /** Owner of the listener's WebSockets. */
  readonly webSockets?: WebSockets;
}

/** Reports streamed content to the listener until the response is over. */
export function trackUpload(info: ListenerInfo | undefined): void {
  if (info?.completed !== undefined) info.listener?.trackUpload(info.completed);
}

/**
 * IP address of the peer that sent a request; undefined if the platform does not know it. An
 * IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2) is turned into the IPv4 address.
 */
export function peerAddress(info: RequestInfo | undefined): string | undefined {
  const address = info?.remoteAddr?.hostname;
  return address?.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}
