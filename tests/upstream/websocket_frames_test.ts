import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  encodeFrame,
  MaskSource,
  OPCODE,
  parseFrameHead,
  SocketViolation,
} from "../../src/upstream/websocket_frames.ts";
import {
  type ByteSource,
  type SocketInput,
  SocketReader,
} from "../../src/upstream/websocket_reader.ts";

const MIB = 1_048_576;

/** Bytes that arrive in pieces of this size, as from a connection. */
class Pieces implements ByteSource {
  readonly #bytes: Uint8Array;
  readonly #size: number;
  #at = 0;
  buffer = new Uint8Array(16);
  from = 0;
  to = 0;

  constructor(bytes: Uint8Array, size: number) {
    this.#bytes = bytes;
    this.#size = size;
  }

  get buffered(): number {
    return this.to - this.from;
  }

  fill(): Promise<boolean> {
    const piece = this.#bytes.subarray(this.#at, this.#at + this.#size);
    this.#at += piece.length;
    const buffer = new Uint8Array(this.buffered + piece.length);
    buffer.set(this.buffer.subarray(this.from, this.to));
    buffer.set(piece, this.buffered);
    [this.buffer, this.from, this.to] = [buffer, 0, buffer.length];
    return Promise.resolve(piece.length > 0);
  }

  async next(limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.buffered === 0 && !await this.fill()) return undefined;
    return this.take(Math.min(limit, this.buffered));
  }

  take(count: number): Uint8Array<ArrayBuffer> {
    this.from += count;
    return this.buffer.slice(this.from - count, this.from);
  }
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

/** Everything that a reader makes of these bytes, a byte per character. */
async function readAll(bytes: Uint8Array, size = Infinity): Promise<SocketInput[]> {
  const reader = new SocketReader(new Pieces(bytes, size));
  const inputs: SocketInput[] = [];
  for (let input = await reader.next(); input !== undefined; input = await reader.next()) {
    inputs.push(input);
  }
  return inputs;
}

/** A frame as a server sends it: not masked. */
function serverFrame(first: number, content: Uint8Array): Uint8Array {
  const head = content.length < 126
    ? [content.length]
    : content.length < 65_536
    ? [126, content.length >> 8, content.length & 255]
    : [127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => content.length >> shift & 255)];
  return concat(Uint8Array.from([first, ...head]), content);
}

Deno.test("SocketReader.next() reads messages, however their bytes arrive", async () => {
  const content = new Uint8Array(70_000).map((_, i) => i % 251);
  const bytes = new Uint8Array([
    ...bytesOf("\x81\x05hello\x82\x00\x81\x00"),
    // A text in fragments that break a character, with a ping and a pong in between.
    ...bytesOf("\x01\x02a\xc3\x89\x03hi!\x8a\x00\x00\x00\x80\x02\xa9b"),
    ...serverFrame(0x82, content.subarray(0, 126)),
    ...serverFrame(0x82, content.subarray(0, 65_535)),
    ...serverFrame(0x02, content),
    ...serverFrame(0x80, content),
    ...bytesOf("\x81\x03\xef\xbb\xbf\x88\x06\x03\xe8done"),
  ]);
  const wanted: SocketInput[] = [
    { kind: "message", data: "hello" },
    { kind: "message", data: new Uint8Array(0) },
    { kind: "message", data: "" },
    { kind: "ping", data: bytesOf("hi!") },
    { kind: "message", data: "aéb" },
    { kind: "message", data: content.subarray(0, 126) },
    { kind: "message", data: content.subarray(0, 65_535) },
    { kind: "message", data: new Uint8Array([...content, ...content]) },
    { kind: "message", data: "\ufeff" },
    { kind: "close", code: 1000, reason: "done" },
  ];
  for (const size of [Infinity, 4096, 7, 1]) assertEquals(await readAll(bytes, size), wanted);
});

Deno.test("SocketReader.next() returns undefined when the connection ends in a frame", async () => {
  for (const text of ["", "\x81", "\x81\x05hell", "\x82\x7e\x01", "\x01\x01a", "\x88\x02\x03"]) {
    assertEquals(await readAll(bytesOf(text)), []);
  }
});

Deno.test("SocketReader.next() refuses what breaks RFC 6455, with the code for it", async () => {
  const cases: [string, number, string][] = [
    ["\x81\x80\0\0\0\0", 1002, "masked"],
    ["\xc1\x00", 1002, "reserved bit"],
    ["\xa1\x00", 1002, "reserved bit"],
    ["\x91\x00", 1002, "reserved bit"],
    ["\x83\x00", 1002, "opcode 3"],
    ["\x8f\x00", 1002, "opcode 15"],
    ["\x08\x00", 1002, "control frame is fragmented"],
    ["\x09\x00", 1002, "control frame is fragmented"],
    ["\x89\x7e\x00\x7e", 1002, "control frame is too long"],
    ["\x88\x7f\0\0\0\0\0\x01\0\0", 1002, "control frame is too long"],
    ["\x82\x7e\x00\x7d", 1002, "length"],
    ["\x82\x7f\0\0\0\0\0\0\xff\xff", 1002, "length"],
    ["\x80\x00", 1002, "no message"],
    ["\x00\x00", 1002, "no message"],
    ["\x01\x00\x81\x00", 1002, "in the middle"],
    ["\x02\x00\x01\x00", 1002, "in the middle"],
    ["\x88\x01\x03", 1002, "half a status code"],
    ["\x81\x01\xff", 1007, "UTF-8"],
    ["\x81\x03\xed\xa0\x80", 1007, "UTF-8"],
    ["\x01\x01\xc3\x80\x01a", 1007, "UTF-8"],
    ["\x88\x03\x03\xe8\xff", 1007, "UTF-8"],
    // One byte too much, and lengths far beyond.
    ["\x82\x7f\0\0\0\0\x01\0\0\x01", 1009, "larger"],
    ["\x82\x7f\x80\0\0\0\0\0\0\0", 1009, "larger"],
    ["\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 1009, "larger"],
  ];
  for (const [text, code, message] of cases) {
    const error = await assertRejects(() => readAll(bytesOf(text)), SocketViolation, message);
    assertEquals(error.code, code, JSON.stringify(text));
  }
});

Deno.test("SocketReader.next() takes the status codes that may be sent, and no other", async () => {
  const allowed = [1000, 1001, 1002, 1003, ...[7, 8, 9, 10, 11, 12, 13, 14].map((n) => 1000 + n)];
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535]) {
    const frame = new Uint8Array([0x88, 2, code >> 8, code & 255]);
    const error = await assertRejects(() => readAll(frame), SocketViolation, String(code));
    assertEquals(error.code, 1002);
  }
  for (const code of [...allowed, 3000, 4999]) {
    const frame = new Uint8Array([0x88, 2, code >> 8, code & 255]);
    assertEquals(await readAll(frame), [{ kind: "close", code, reason: "" }]);
  }
});

Deno.test("SocketReader.next() adds fragments up, and takes any number of small ones", async () => {
  const half = serverFrame(0x02, new Uint8Array(8 * MIB));
  const rest = serverFrame(0x80, new Uint8Array(8 * MIB));
  const [whole] = await readAll(concat(half, rest), 300_000);
  assert(whole?.kind === "message");
  assertEquals(whole.data.length, 16 * MIB);
  const error = await assertRejects(
    () => readAll(concat(half, serverFrame(0x00, new Uint8Array(8 * MIB + 1)))),
    SocketViolation,
  );
  assertEquals(error.code, 1009);
  const small = new Uint8Array(300_000).fill(0).map((_, i) => [0, 1, 97][i % 3]!);
  small[0] = 1;
  const [text] = await readAll(concat(small, new Uint8Array([0x80, 0])));
  assertEquals(text, { kind: "message", data: "a".repeat(100_000) });
});

Deno.test("encodeFrame() writes each length in its form, masked", () => {
  const mask = new Uint8Array([1, 2, 3, 250]);
  for (const length of [0, 1, 3, 4, 125, 126, 65_535, 65_536, 65_537]) {
    const content = new Uint8Array(length).map((_, i) => i % 255);
    const frame = encodeFrame(OPCODE.binary, content, mask);
    assertEquals([frame[0], frame[1]! & 0x80], [0x82, 0x80]);
    const unmasked = frame.slice();
    unmasked[1]! &= 0x7f;
    const head = parseFrameHead(unmasked, 0, unmasked.length)!;
    assertEquals([head.length, head.final, head.opcode], [length, true, OPCODE.binary]);
    assertEquals(frame.subarray(head.end, head.end + 4), mask);
    const sent = frame.subarray(head.end + 4).map((byte, i) => byte ^ mask[i % 4]!);
    assertEquals(sent, content);
  }
});

Deno.test("MaskSource.next() gives four bytes, different each time", () => {
  const masks = new MaskSource();
  const seen = new Set(Array.from({ length: 3000 }, () => masks.next().join()));
  assert(seen.size > 2990, `${seen.size} different masks`);
  assertEquals(masks.next().length, 4);
});

Deno.test("parseFrameHead() waits for the whole head", () => {
  const bytes = bytesOf("..\x82\x7f\0\0\0\0\0\x01\0\0");
  for (let to = 2; to < bytes.length; to++) assertEquals(parseFrameHead(bytes, 2, to), undefined);
  const wanted = { final: true, opcode: 2, length: 65_536, end: 12 };
  assertEquals(parseFrameHead(bytes, 2, 12), wanted);
  assertThrows(() => parseFrameHead(bytesOf("\x83\x00"), 0, 2), SocketViolation);
});
