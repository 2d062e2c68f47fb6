import { assertRejects } from "@std/assert";
import { Deadlines } from "../../src/runtime/deadlines.ts";
import { BalancerError } from "../../src/model/errors.ts";
import { systemClock } from "../../src/runtime/system_clock.ts";
import { FetchTransport } from "../../src/upstream/fetch/fetch_transport.ts";
import { Http1Transport, type Http1TransportOptions } from "../../src/upstream/http1_transport.ts";
import type { WebSocketTransport } from "../../src/upstream/transport.ts";

/** A transport that has to do what every transport does, and what it cannot do. */
export interface TransportKind {
  readonly name: string;
  /** Makes one with its own timer, and what a test wants to set of it. */
  make(options?: Partial<Http1TransportOptions>): WebSocketTransport;
  /** Whether `Host` reaches the server, dot segments stay, and there are no fields that nobody set. */
  readonly writesRequestsAsGiven: boolean;
  /** Whether content can stay in the coding that the client asks for. */
  readonly keepsCodings: boolean;
  /** Whether content of a known length that streams goes out with that length, not in chunks. */
  readonly keepsContentLength: boolean;
  /** Whether it refuses what others read in another way: a bare LF, a huge head, content twice. */
  readonly strict: boolean;
  /** Whether it tells a server that sent nothing from one that sent half a head. */
  readonly tellsHalfAHead: boolean;
  /** Whether it sends again on its own what a server closed a used connection on, even a POST. */
  readonly sendsTwice: boolean;
  /** Whether it tells a connection that takes too long from a response that does. */
  readonly timesConnections: boolean;
  /** Whether it knows its connections: can count them, close them, and make one for one request. */
  readonly ownsConnections: boolean;
  /** Whether it can open WebSockets. */
  readonly opensWebSockets: boolean;
}

const HTTP1: TransportKind = {
  name: "Http1Transport",
  make: (options = {}) => new Http1Transport(withTimer(options)),
  writesRequestsAsGiven: true,
  keepsCodings: true,
  keepsContentLength: true,
  strict: true,
  tellsHalfAHead: true,
  sendsTwice: false,
  timesConnections: true,
  ownsConnections: true,
  opensWebSockets: true,
};

/** By the `fetch` of Deno. That of Node and Bun is tested through the library, in runtimes/. */
const FETCH: TransportKind = {
  name: "FetchTransport",
  make: (options = {}) => new FetchTransport(withTimer(options)),
  writesRequestsAsGiven: false,
  keepsCodings: false,
  keepsContentLength: false,
  strict: false,
  tellsHalfAHead: false,
  sendsTwice: true,
  timesConnections: false,
  ownsConnections: false,
  opensWebSockets: false,
};

/** Every transport. */
export const TRANSPORTS: readonly TransportKind[] = [HTTP1, FETCH];

/** Registers a test of what each transport does. */
export function contractTest(name: string, run: (kind: TransportKind) => Promise<void>): void {
  for (const kind of TRANSPORTS) Deno.test(`${kind.name}.${name}`, () => run(kind));
}

/** The code of the error that this rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => promise, BalancerError)).code;
}

function withTimer(options: Partial<Http1TransportOptions>): Http1TransportOptions {
  const clock = options.clock ?? systemClock;
  return { clock, deadlines: new Deadlines(clock), ...options };
}
