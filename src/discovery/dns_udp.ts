import { createSocket } from "node:dgram";
import type { Clock } from "../runtime/clock.ts";
import type { NameServer } from "../model/name_server.ts";
import { DnsFailure } from "./dns_resolver.ts";

/** The time after which a message is sent again, as it may have been lost, in milliseconds. */
const RESEND_MS = 700;

/** Options of {@linkcode askOverUdp}. */
export interface UdpOptions {
  /** The clock. */
  readonly clock: Clock;
  /** Aborts the exchange. */
  readonly signal: AbortSignal;
}

/**
 * Sends a message to a name server over UDP, and waits for an answer with the same identifier. Each
 * question has its own port, which makes forged answers harder (RFC 5452 §9.2).
 *
 * @param server The name server.
 * @param message The message.
 * @param options Clock and signal.
 * @returns The answer.
 * @throws {DnsFailure} If there is none.
 */
export function askOverUdp(
  { address, port }: NameServer,
  message: Uint8Array,
  { clock, signal }: UdpOptions,
): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  let cancelResend: () => void = () => {};
  let isOver = false;
  function onAbort(): void {
    finish(() => reject(signal.reason));
  }
  function finish(settle: () => void): void {
    if (isOver) return;
    isOver = true;
    cancelResend();
    signal.removeEventListener("abort", onAbort);
    socket.close();
    settle();
  }
  function send(): void {
    // Errors are reported by an event as well.
    socket.send(message, () => {});
    cancelResend = clock.after(RESEND_MS, send);
  }
  signal.addEventListener("abort", onAbort);
  // Deno (2.9) does not connect UDP sockets, so it does not report that nothing listens there.
  socket.on("error", (cause: Error & { readonly code?: string }) => {
    const why = cause.code === "ECONNREFUSED" ? "nothing listens there" : cause.message;
    finish(() => reject(new DnsFailure(why, { cause })));
  });
  socket.on("message", (answer: Uint8Array) => {
    if (answer[0] === message[0] && answer[1] === message[1]) finish(() => resolve(answer));
  });
  socket.connect(port, address, () => {
    if (!isOver) send();
  });
  if (signal.aborted) onAbort();
  return promise;
}
