import { createSocket } from "node:dgram";
import type { Clock } from "../runtime/clock.ts";
import type { NameServer } from "../model/name_server.ts";
import { DnsFailure } from "./dns_resolver.ts";

/** After how many milliseconds a message is sent again, as it may have been lost. */
const RESEND_MS = 700;

/** What else {@linkcode askOverUdp} needs. */
export interface UdpOptions {
  /** The timers. */
  readonly clock: Clock;
  /** Breaks it off. */
  readonly signal: AbortSignal;
}

/**
 * Sends a message to a name server over UDP, and waits for one with the same number to come back.
 * The port is a new one each time, so that it is hard to guess for those who would forge an answer
 * (RFC 5452 §9.2).
 *
 * @param server Where to.
 * @param message The message.
 * @param options What else there is.
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
    // What goes wrong is told by an event as well.
    socket.send(message, () => {});
    cancelResend = clock.after(RESEND_MS, send);
  }
  signal.addEventListener("abort", onAbort);
  // On Deno (2.9) nobody tells that there is nothing at the port: it connects no UDP sockets.
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
