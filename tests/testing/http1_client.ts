import { Deadlines } from "../../src/runtime/deadlines.ts";
import { systemClock } from "../../src/runtime/system_clock.ts";
import { Http1Transport, type Http1TransportOptions } from "../../src/upstream/http1_transport.ts";
import type { UpstreamRequest } from "../../src/http1/message.ts";
import type { UpstreamResponse } from "../../src/upstream/transport.ts";

/** A transport with its own timer, and what a test wants to set of it. */
export function makeTransport(
  options: Partial<Http1TransportOptions> = {},
): Http1Transport & AsyncDisposable {
  const clock = options.clock ?? systemClock;
  return new Http1Transport({ clock, deadlines: new Deadlines(clock), ...options });
}

/** A request for `/`, with what a test wants to set of it. */
export function makeRequest(changes: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return {
    method: "GET",
    target: "/",
    headers: [["host", "example.com"]],
    body: null,
    contentLength: undefined,
    replayable: true,
    ...changes,
  };
}

/** A stream of these pieces of text. */
export function streamOf(...pieces: string[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(pieces.map((piece) => new TextEncoder().encode(piece)));
}

/** A response's content as text. */
export async function textOf(response: UpstreamResponse): Promise<string> {
  const { body } = response;
  const copy = new Response(body);
  if (!(body instanceof ReadableStream)) response.discard();
  return await copy.text();
}
