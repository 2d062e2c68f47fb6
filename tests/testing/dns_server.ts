// @ts-types="@types/dns-packet"
import {
  type Answer,
  decode,
  encode,
  type Packet,
  type Question,
  TRUNCATED_RESPONSE,
} from "dns-packet";
import { Buffer } from "node:buffer";
import { createSocket, type Socket } from "node:dgram";
import { until } from "./until.ts";

/** How a server answers a question. */
export type DnsReply =
  /** With these records; `additionals` come along. */
  | { readonly records: readonly Answer[]; readonly additionals?: readonly Answer[] }
  /** With an error, by its number (RFC 1035 §4.1.1): 2 is SERVFAIL, 3 NXDOMAIN, 5 REFUSED. */
  | { readonly rcode: number }
  /** Not at all; over TCP, the connection stays open. */
  | "silence"
  /** With the beginning of a message, and then by closing the connection; over UDP, not at all. */
  | "close"
  /** With these bytes, or with what is made of the right answer. */
  | { readonly bytes: (right: Uint8Array) => Uint8Array };

/** A question that has come. */
export interface SeenQuestion {
  /** By what it came. */
  readonly over: "tcp" | "udp";
  /** The type of the records. */
  readonly type: string;
  /** The name, as it came. */
  readonly name: string;
}

/** A name server on the loopback that says what a test wants it to, over TCP and UDP. */
export class DnsServer implements AsyncDisposable {
  readonly #tcp: Deno.TcpListener | undefined;
  readonly #udp: Socket | undefined;
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #tasks: Promise<void>[] = [];
  readonly #replies = new Map<string, DnsReply>();
  /** Every question that has come, in their order. */
  readonly questions: SeenQuestion[] = [];
  /** Its port. */
  readonly port: number;

  private constructor(port: number, tcp: Deno.TcpListener | undefined, udp: Socket | undefined) {
    this.port = port;
    this.#tcp = tcp;
    this.#udp = udp;
    if (tcp !== undefined) this.#tasks.push(this.#accept(tcp));
    udp?.on("message", (message, { port, address }) => {
      const answer = this.#answer("udp", message);
      if (answer instanceof Uint8Array) udp.send(answer, port, address);
    });
  }

  /**
   * Starts one.
   *
   * @param over The transports that it serves. Default: both.
   */
  static async start(over: readonly ("tcp" | "udp")[] = ["tcp", "udp"]): Promise<DnsServer> {
    for (;;) {
      const tcp = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { port } = tcp.addr;
      if (!over.includes("tcp")) tcp.close();
      const udp = over.includes("udp") ? await bind(port) : undefined;
      // The port may be taken for UDP alone.
      if (udp !== "taken") return new DnsServer(port, over.includes("tcp") ? tcp : undefined, udp);
      if (over.includes("tcp")) tcp.close();
    }
  }

  /** Its address, as the setting takes it. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Says how a question is answered from now on; undefined for as if nobody had said anything. */
  reply(type: string, name: string, reply: DnsReply | undefined): void {
    const key = `${type} ${name}`;
    if (reply === undefined) this.#replies.delete(key);
    else this.#replies.set(key, reply);
  }

  /** Gives a name addresses, which hold for so many seconds, in place of those it had. */
  setAddresses(name: string, ttl: number, addresses: readonly string[]): void {
    for (const type of ["A", "AAAA"] as const) {
      const own = addresses.filter((address) => address.includes(":") === (type === "AAAA"));
      this.reply(type, name, { records: own.map((data) => ({ type, name, ttl, data })) });
    }
  }

  /** Gives a name services: priority, weight, port and target of each. */
  setServices(
    name: string,
    ttl: number,
    services: readonly (readonly [number, number, number, string])[],
  ): void {
    const records = services.map(([priority, weight, port, target]): Answer => ({
      type: "SRV",
      name,
      ttl,
      data: { priority, weight, port, target },
    }));
    this.reply("SRV", name, { records });
  }

  /** Waits until so many questions have come that match. */
  async asked(count: number, matches: (question: SeenQuestion) => boolean = isAny): Promise<void> {
    await until(
      () => `question ${count}: there are ${JSON.stringify(this.questions)}`,
      () => this.questions.filter(matches).length >= count,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#tcp?.close();
    if (this.#udp !== undefined) await new Promise<void>((done) => this.#udp!.close(done));
    for (const connection of this.#connections) close(connection);
    await Promise.all(this.#tasks);
  }

  async #accept(listener: Deno.TcpListener): Promise<void> {
    try {
      for await (const connection of listener) {
        this.#connections.add(connection);
        this.#tasks.push(this.#serve(connection).catch(() => {}));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  async #serve(connection: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(4096);
    const read = await connection.read(buffer);
    // A question is small enough to come in one piece.
    const answer = this.#answer("tcp", Buffer.from(buffer.subarray(2, read ?? 2)));
    if (answer === undefined) return await untilClosed(connection);
    if (answer === "close") {
      await connection.write(Uint8Array.of(1, 0, 0));
      return close(connection);
    }
    const framed = Buffer.concat([Buffer.from([answer.length >> 8, answer.length & 0xff]), answer]);
    for (let at = 0; at < framed.length;) at += await connection.write(framed.subarray(at));
    close(connection);
  }

  #answer(over: "tcp" | "udp", message: Buffer): Uint8Array | "close" | undefined {
    const query = decode(message);
    const [question] = query.questions as [Question];
    this.questions.push({ over, type: question.type, name: question.name });
    const reply = this.#replyTo(question);
    if (reply === "silence") return undefined;
    if (reply === "close") return "close";
    if ("bytes" in reply) return reply.bytes(encode(packet(query, { records: [] })));
    const whole = encode(packet(query, reply));
    const option = query.additionals?.find(({ type }) => type === "OPT");
    const limit = option?.type === "OPT" ? option.udpPayloadSize : 512;
    if (over === "tcp" || whole.length <= limit) return whole;
    const cut = packet(query, { records: [] });
    return encode({ ...cut, flags: cut.flags! | TRUNCATED_RESPONSE });
  }

  #replyTo({ type, name }: Question): DnsReply {
    const reply = this.#replies.get(`${type} ${name}`);
    if (reply !== undefined) return reply;
    const isKnown = [...this.#replies.keys()].some((key) => key.split(" ")[1] === name);
    return isKnown ? { records: [] } : { rcode: 3 };
  }
}

function packet(query: Packet, reply: Exclude<DnsReply, string | { bytes: unknown }>): Packet {
  const rcode = "rcode" in reply ? reply.rcode : 0;
  const { records = [], additionals = [] } = "rcode" in reply ? {} : reply;
  return {
    type: "response",
    id: query.id!,
    flags: rcode,
    questions: query.questions!,
    answers: [...records],
    additionals: [...additionals],
  };
}

async function bind(port: number): Promise<Socket | "taken"> {
  const socket = createSocket("udp4");
  const { promise, resolve } = Promise.withResolvers<Socket | "taken">();
  socket.once("error", () => resolve("taken"));
  socket.bind(port, "127.0.0.1", () => resolve(socket));
  return await promise;
}

/** Waits until the other side closes. */
async function untilClosed(connection: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(1);
  while (await connection.read(buffer) !== null);
  close(connection);
}

function isAny(): boolean {
  return true;
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}
