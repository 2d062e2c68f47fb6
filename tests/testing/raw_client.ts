import { WaitTimeout, within } from "./until.ts";

/** Sends raw text to a server, each character as one byte, and reads until the server closes. */
export async function exchangeRaw(url: string, text: string): Promise<string> {
  await using client = await RawClient.connect(url);
  await client.send(text);
  return await client.readToEnd();
}

/** How long it waits for what a server sends, in milliseconds: as long as any test takes. */
const WAIT_MS = 120_000;

/** A client that sends exactly what a test says, well-formed or not. */
export class RawClient implements AsyncDisposable {
  readonly #socket: Deno.TcpConn;
  #received = "";
  #closed = false;

  private constructor(socket: Deno.TcpConn) {
    this.#socket = socket;
  }

  /** Connects to the server of a URL. */
  static async connect(url: string): Promise<RawClient> {
    const { hostname, port } = new URL(url);
    return new RawClient(await Deno.connect({ hostname, port: Number(port) }));
  }

  /** Sends text, each character as one byte. */
  async send(text: string): Promise<void> {
    await this.sendBytes(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  }

  /** Sends bytes. */
  async sendBytes(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#socket.write(bytes.subarray(at));
  }

  /** Reads once, and returns all that was received. */
  async readMore(): Promise<string> {
    await this.#read();
    return this.#received;
  }

  /** Reads until what was received contains `text`, or the server closes. */
  async readUntil(text: string): Promise<string> {
    while (!this.#received.includes(text) && await this.#read());
    return this.#received;
  }

  /** Reads until the server closes or breaks the connection. */
  async readToEnd(): Promise<string> {
    while (await this.#read());
    return this.#received;
  }

  /** Closes the connection. */
  close(): void {
    if (!this.#closed) this.#socket.close();
    this.#closed = true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  async #read(): Promise<boolean> {
    const buffer = new Uint8Array(65_536);
    try {
      const count = await within("bytes from the server", this.#socket.read(buffer), WAIT_MS);
      for (const byte of buffer.subarray(0, count ?? 0)) {
        this.#received += String.fromCharCode(byte);
      }
      return count !== null;
    } catch (error) {
      if (error instanceof WaitTimeout) throw error;
      return false;
    }
  }
}
