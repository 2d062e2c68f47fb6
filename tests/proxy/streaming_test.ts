import { assertEquals, assertMatch } from "@std/assert";
import { activeRequests, serveBalancer, untilIdle } from "../testing/balancer.ts";
import { type RawConnection, RawServer } from "../testing/raw_server.ts";

/** The content as text, event by event. */
function eventsOf(response: Response): ReadableStreamDefaultReader<string> {
  return response.body!.pipeThrough(new TextDecoderStream()).getReader();
}

const EVENTS = ["data: 1\n\n", ": comment\n\n", "event: x\ndata: é\n\n"];

const FRAMINGS: [string, string, (text: string) => string][] = [
  ["chunked", "Transfer-Encoding: chunked\r\n", (text) => {
    const bytes = String.fromCharCode(...new TextEncoder().encode(text));
    return `${bytes.length.toString(16)}\r\n${bytes}\r\n`;
  }],
  ["until close", "", (text) => String.fromCharCode(...new TextEncoder().encode(text))],
];

for (const [name, field, frame] of FRAMINGS) {
  Deno.test(`an endless response forwards each event before the next one is sent (${name})`, async () => {
    const { promise: connected, resolve } = Promise.withResolvers<RawConnection>();
    await using server = new RawServer(async (connection) => {
      await connection.waitFor("\r\n\r\n");
      await connection.send(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${field}\r\n`);
      resolve(connection);
    });
    await using served = await serveBalancer([server.url]);
    // The head arrives before there is any content.
    const response = await fetch(served.url);
    assertMatch(response.headers.get("content-type")!, /^text\/event-stream/);
    const connection = await connected;
    const events = eventsOf(response);
    for (let round = 0; round < 20; round++) {
      for (const event of EVENTS) {
        await connection.send(frame(event));
        // The next event is not sent before this one has arrived.
        assertEquals((await events.read()).value, event);
      }
    }
    assertEquals(activeRequests(served.balancer), 1);
    await events.cancel();
    // The server notices that the client has disconnected.
    await connection.closed;
    await untilIdle(served);
  });
}
