import { type RawConnection, RawServer } from "./raw_server.ts";

/** How much is sent at a time, in bytes. */
const PIECE = 65_536;

/** The server of a flood. */
export interface Flood {
  /** The server. */
  readonly server: RawServer;
  /** How much content was sent so far, all connections together, in bytes. */
  readonly sent: () => number;
}

/**
 * A server that answers each connection's first request with this head and content without end.
 *
 * @param head The head of its responses, without the empty line.
 * @param chunked Whether the content is to be in chunks. Default: false.
 */
export function flooding(head: string, chunked = false): Flood {
  const content = "x".repeat(PIECE);
  const text = chunked ? `${PIECE.toString(16)}\r\n${content}\r\n` : content;
  const piece = new TextEncoder().encode(text);
  let sent = 0;
  const server = new RawServer(async (connection: RawConnection) => {
    await connection.waitFor("\r\n\r\n");
    await connection.send(`${head}\r\n\r\n`);
    for (;;) {
      await connection.send(piece);
      sent += PIECE;
    }
  });
  return { server, sent: () => sent };
}
