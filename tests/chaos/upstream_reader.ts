import type { Socket } from "node:net";

/** The head of a request. */
export interface UpstreamHead {
  /** Its method. */
  readonly method: string;
  /** Its target. */
  readonly target: string;
  /** Its fields, by name in lower case. */
  readonly fields: ReadonlyMap<string, string>;
}

/** The outcomes of requests. */
export interface RequestHandlers {
  /** Called as soon as the head is there. */
  readonly onHead: (head: UpstreamHead) => void;
  /** Called when the content is there as well; the next request is read once it has answered. */
  readonly onRequest: (socket: Socket, head: UpstreamHead, content: Uint8Array) => Promise<void>;
}

/** Reads one request after the other from a connection; well-formed ones only, as Ballast's are. */
export async function readRequests(socket: Socket, handlers: RequestHandlers): Promise<void> {
  const reader = new Reader(socket);
  try {
    for (;;) {
      const text = await reader.through("\r\n\r\n");
      const [first = "", ...lines] = text.trimEnd().split("\r\n");
      const [method = "", target = ""] = first.split(" ");
      const fields = new Map(lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }));
      const head = { method, target, fields };
      handlers.onHead(head);
      const content = fields.has("transfer-encoding")
        ? await reader.chunks()
        : await reader.take(Number(fields.get("content-length") ?? 0));
      await handlers.onRequest(socket, head, content);
    }
  } catch {
    // The connection has ended.
    socket.destroy();
  }
}

class Reader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #buffer: Uint8Array = new Uint8Array();

  constructor(socket: Socket) {
    this.#pieces = socket[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  }

  async through(end: string): Promise<string> {
    for (;;) {
      const text = new TextDecoder("latin1").decode(this.#buffer);
      const at = text.indexOf(end);
      if (at >= 0) {
        this.#buffer = this.#buffer.subarray(at + end.length);
        return text.slice(0, at + end.length);
      }
      await this.#more();
    }
  }

  async take(count: number): Promise<Uint8Array> {
    while (this.#buffer.length < count) await this.#more();
    const taken = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return taken;
  }

  async chunks(): Promise<Uint8Array> {
    let content = new Uint8Array();
    for (;;) {
      const size = parseInt(await this.through("\r\n"), 16);
      const piece = await this.take(size);
      await this.through("\r\n");
      if (size === 0) return content;
      content = joined(content, piece);
    }
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#pieces.next();
    if (done) throw new Error("closed");
    this.#buffer = joined(this.#buffer, value);
  }
}

/** These bytes in one piece. */
export function joined(...pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
