import { connect } from "node:net";
import type { NameServer } from "../model/name_server.ts";
import { DnsFailure } from "./dns_resolver.ts";

/** The size of the length before each message over TCP, in bytes (RFC 1035 §4.2.2). */
const LENGTH_BYTES = 2;

/**
 * Sends a message to a name server over TCP, and waits for the answer.
 *
 * @param server The name server.
 * @param message The message.
 * @param signal Aborts the exchange.
 * @returns The answer.
 * @throws {DnsFailure} If there is none.
 */
export function askOverTcp(
  { address, port }: NameServer,
  message: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const socket = connect({ host: address, port });
  function onAbort(): void {
    finish(() => reject(signal.reason));
  }
  function finish(settle: () => void): void {
    signal.removeEventListener("abort", onAbort);
    socket.destroy();
    settle();
  }
  let received = new Uint8Array();
  signal.addEventListener("abort", onAbort);
  socket.on("error", (error: Error) => finish(() => reject(failed(error))));
  socket.on("close", () => finish(() => reject(new DnsFailure("it closed the connection"))));
  socket.on("data", (piece: Uint8Array) => {
    received = join(received, piece);
    const end = lengthOf(received);
    if (received.length >= end) finish(() => resolve(received.subarray(LENGTH_BYTES, end)));
  });
  socket.write(join(Uint8Array.of(message.length >> 8, message.length & 0xff), message));
  if (signal.aborted) onAbort();
  return promise;
}

/** The length of a message with its prefix, as far as it is known. */
function lengthOf(received: Uint8Array): number {
  const [high, low] = received;
  return high === undefined || low === undefined ? LENGTH_BYTES : LENGTH_BYTES + (high << 8 | low);
}

function join(one: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(one.length + other.length);
  joined.set(one);
  joined.set(other, one.length);
  return joined;
}

function failed(error: Error & { readonly code?: string }): DnsFailure {
  const why = error.code === "ECONNREFUSED" ? "it refuses connections" : error.message;
  return new DnsFailure(why, { cause: error });
}
