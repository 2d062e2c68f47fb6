/** A client's request. */
export interface ChaosRequest {
  /** The method. */
  readonly method: "GET" | "DELETE" | "PUT" | "POST" | "PATCH";
  /** The path and query. */
  readonly target: string;
  /** A mark that the server records, for requests that must not arrive twice. */
  readonly id: string;
  /** The content; null for none. */
  readonly content: Uint8Array | null;
  /** Whether the content is sent in chunks. */
  readonly chunked: boolean;
}

/** The response: complete, broken off after the head, or missing. */
export interface ChaosAnswer {
  /** How it ended. */
  readonly end: "complete" | "broken" | "nothing";
  /** The status; 0 for nothing. */
  readonly status: number;
  /** Which server says that it has answered; -1 for none. */
  readonly server: number;
  /** The content, as far as it has come. */
  readonly content: Uint8Array;
  /** The balancer's explanation of an error. */
  readonly why: string;
}

/** How long an answer may take, in milliseconds, until it counts as stuck. */
const STUCK_MS = 60_000;

const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");

/**
 * A client with one connection that it keeps. It takes nothing for complete that is not framed so
 * (RFC 9112 §8), and never sends anything twice, which `fetch` does not promise.
 */
export class ChaosClient {
  readonly #port: number;
  #socket: Deno.TcpConn | undefined;
  #buffer = new Uint8Array(65_536);
  #from = 0;
  #to = 0;

  /** @param port Where the balancer is. */
  constructor(port: number) {
    this.#port = port;
  }

  /** Sends a request and reads the answer. Rejects only where no connection can be had. */
  async send(request: ChaosRequest): Promise<ChaosAnswer> {
    this.#socket ??= await Deno.connect({ hostname: "127.0.0.1", port: this.#port });
    const stuck = setTimeout(() => this.close(), STUCK_MS);
    const answer = { end: "nothing", status: 0, server: -1, content: new Uint8Array(), why: "" };
    try {
      const sending = this.#write(request);
      await this.#readAnswer(answer);
      await sending;
    } catch (error) {
      if (answer.status > 0) answer.end = "broken";
      answer.why = String(error);
    } finally {
      clearTimeout(stuck);
    }
    if (answer.end !== "complete") this.close();
    return answer as ChaosAnswer;
  }

  /** Closes the connection; the next request makes another. */
  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
    this.#from = this.#to = 0;
  }

  async #write({ method, target, id, content, chunked }: ChaosRequest): Promise<void> {
    const framing = content === null
      ? ""
      : chunked
      ? "transfer-encoding: chunked\r\n"
      : `content-length: ${content.length}\r\n`;
    try {
      await this.#writeAll(encoder.encode(
        `${method} ${target} HTTP/1.1\r\nhost: chaos\r\nx-id: ${id}\r\n${framing}\r\n`,
      ));
      if (content === null) return;
      if (!chunked) return await this.#writeAll(content);
      for (let at = 0; at < content.length; at += 50_000) {
        const piece = content.subarray(at, at + 50_000);
        await this.#writeAll(encoder.encode(`${piece.length.toString(16)}\r\n`));
        await this.#writeAll(piece);
        await this.#writeAll(encoder.encode("\r\n"));
      }
      await this.#writeAll(encoder.encode("0\r\n\r\n"));
    } catch {
      // The balancer may have answered and closed before it had everything: the answer decides, and
      // the connection is no longer of use.
    }
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#socket!.write(bytes.subarray(at));
  }

  async #readAnswer(answer: Mutable<ChaosAnswer>): Promise<void> {
    const head = await this.#through("\r\n\r\n");
    answer.status = Number(head.slice(9, 12));
    const field = (name: string) => new RegExp(`\r\n${name}: ?(.*)\r\n`, "i").exec(head)?.[1];
    answer.server = Number(field("x-server") ?? -1);
    const length = field("content-length");
    const parts: Uint8Array[] = [];
    try {
      if (length !== undefined) await this.#take(Number(length), parts);
      else if (field("transfer-encoding") === "chunked") await this.#takeChunks(parts);
      else throw new Error(`no framing: ${head}`);
      answer.end = "complete";
    } finally {
      answer.content = new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
      if (answer.status !== 200) answer.why = decoder.decode(answer.content);
    }
    if (field("connection")?.toLowerCase() === "close") this.close();
  }

  async #takeChunks(parts: Uint8Array[]): Promise<void> {
    for (;;) {
      const size = parseInt(await this.#through("\r\n"), 16);
      await this.#take(size, parts);
      if (await this.#through("\r\n") !== "\r\n") throw new Error("a chunk without end");
      if (size === 0) return;
    }
  }

  async #take(count: number, parts: Uint8Array[]): Promise<void> {
    for (let left = count; left > 0;) {
      if (this.#from === this.#to) await this.#fill();
      const piece = this.#buffer.slice(this.#from, Math.min(this.#to, this.#from + left));
      this.#from += piece.length;
      left -= piece.length;
      parts.push(piece);
    }
  }

  async #through(end: string): Promise<string> {
    for (;;) {
      const text = decoder.decode(this.#buffer.subarray(this.#from, this.#to));
      const at = text.indexOf(end);
      if (at >= 0) {
        this.#from += at + end.length;
        return text.slice(0, at + end.length);
      }
      await this.#fill();
    }
  }

  async #fill(): Promise<void> {
    this.#buffer.copyWithin(0, this.#from, this.#to);
    this.#to -= this.#from;
    this.#from = 0;
    const count = await this.#socket!.read(this.#buffer.subarray(this.#to));
    if (count === null) throw new Error("the balancer closed the connection");
    this.#to += count;
  }
}

type Mutable<T> = { -readonly [K in keyof T]: K extends "end" ? string : T[K] };
