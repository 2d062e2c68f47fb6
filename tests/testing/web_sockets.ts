// @ts-types="@types/ws"
import { type ClientOptions, type RawData, WebSocket, WebSocketServer } from "ws";
import type { IncomingMessage } from "node:http";
import { until } from "./until.ts";

/** A message as it is compared in tests. */
export type Message = string | Uint8Array;

/** How a side came to its end. */
export interface Close {
  /** The status code; 1005 for none, 1006 where there was no Close frame. */
  readonly code: number;
  /** The reason. */
  readonly reason: string;
}

/** One side of a WebSocket, with what it receives in order. */
export class Peer {
  /** The WebSocket of the `ws` library. */
  readonly socket: WebSocket;
  /** Resolves at the end. */
  readonly closed: Promise<Close>;
  readonly #received: Message[] = [];

  /** @param socket The WebSocket of the `ws` library. */
  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: RawData, binary: boolean) => {
      const bytes = new Uint8Array(data as unknown as ArrayBuffer);
      this.#received.push(binary ? bytes : new TextDecoder().decode(bytes));
    });
    // Each error is followed by a close.
    socket.on("error", () => {});
    this.closed = new Promise((resolve) =>
      socket.on("close", (code: number, reason: Uint8Array) => {
        resolve({ code, reason: new TextDecoder().decode(reason) });
      })
    );
  }

  /** The next message. */
  async next(): Promise<Message> {
    await until("a message", () => {
      if (this.#received.length > 0) return true;
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error("It is closed");
      return false;
    });
    return this.#received.shift()!;
  }

  /** Sends a message: text or bytes. */
  send(message: Message): void {
    this.socket.send(message);
  }

  /** Breaks the connection off without a Close frame. */
  vanish(): void {
    this.socket.terminate();
  }
}

/** A WebSocket server of the `ws` library. */
export class PeerServer implements AsyncDisposable {
  readonly #server: WebSocketServer;
  readonly #peers: Peer[] = [];
  readonly #requests: IncomingMessage[] = [];

  private constructor(server: WebSocketServer, onPeer: (peer: Peer) => void) {
    this.#server = server;
    server.on("connection", (socket, request) => {
      const peer = new Peer(socket);
      this.#peers.push(peer);
      this.#requests.push(request);
      onPeer(peer);
    });
  }

  /**
   * Starts one.
   *
   * @param options How it chooses a subprotocol, and what to do with each WebSocket.
   */
  static async start(
    { protocol, onPeer = () => {} }: {
      protocol?: string;
      onPeer?: (peer: Peer) => void;
    } = {},
  ): Promise<PeerServer> {
    const server = new WebSocketServer({
      host: "127.0.0.1",
      port: 0,
      handleProtocols: () => protocol ?? false,
    });
    await new Promise((resolve) => server.on("listening", resolve));
    return new PeerServer(server, onPeer);
  }

  /** Its URL. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** Waits for a WebSocket; the first one has number 1. */
  async peer(number: number): Promise<Peer> {
    await until(`WebSocket ${number}`, () => this.#peers.length >= number);
    return this.#peers[number - 1]!;
  }

  /** The request by which a WebSocket was asked for. */
  async request(number: number): Promise<IncomingMessage> {
    await this.peer(number);
    return this.#requests[number - 1]!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.#peers) peer.vanish();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Sends every message back. */
export function echo(peer: Peer): void {
  peer.socket.on("message", (data, binary) => peer.socket.send(data, { binary }));
}

/** Opens a WebSocket with the `ws` library and waits until it is open. */
export async function connectPeer(
  url: string,
  protocols: string[] = [],
  options: ClientOptions = {},
): Promise<Peer> {
  const socket = new WebSocket(url.replace(/^http/, "ws"), protocols, options);
  const peer = new Peer(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once("open", () => resolve());
    socket.once("error", reject);
  });
  return peer;
}

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** A request for a WebSocket as text, with these fields changed; an empty one is left out. */
export function upgradeRequest(changes: Record<string, string> = {}): string {
  const fields = Object.entries({
    "Host": "a",
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
    ...changes,
  });
  const lines = fields.filter(([, value]) => value !== "").map(([name, value]) =>
    `${name}: ${value}\r\n`
  );
  return `GET /chat?x HTTP/1.1\r\n${lines.join("")}\r\n`;
}
