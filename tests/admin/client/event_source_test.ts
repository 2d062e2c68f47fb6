import { assertEquals, assertRejects } from "@std/assert";
import { type EventBlock, readEvents } from "../../../src/admin/client/event_source.ts";

/** Reads a stream that comes in these chunks. */
async function read(...chunks: (string | Uint8Array<ArrayBuffer>)[]): Promise<EventBlock[]> {
  const encoder = new TextEncoder();
  const bytes = chunks.map((chunk) => typeof chunk === "string" ? encoder.encode(chunk) : chunk);
  return await Array.fromAsync(readEvents(ReadableStream.from(bytes)));
}

Deno.test("readEvents() reads blocks, and keeps the id that came last", async () => {
  assertEquals(await read("id: 1\n\n", "event: a\ndata: x\n\n", "id:2\ndata:y\ndata: z\n\n"), [
    { id: "1", data: "" },
    { id: "1", data: "x" },
    { id: "2", data: "y\nz" },
  ]);
});

Deno.test("readEvents() reads the same however the stream is cut, and whatever ends its lines", async () => {
  const text = "id: 1\ndata: ä\n\n:comment\n\ndata\nretry: 5\n\n";
  const expected = [{ id: "1", data: "ä" }, { id: "1", data: "" }, { id: "1", data: "" }];
  for (const end of ["\n", "\r\n", "\r"]) {
    const bytes = new TextEncoder().encode(`${text.replaceAll("\n", end)}:end`);
    const single = [...bytes].map((byte) => new Uint8Array([byte]));
    assertEquals(await read(...single), expected, JSON.stringify(end));
    assertEquals(await read(bytes), expected, JSON.stringify(end));
  }
});

Deno.test("readEvents() leaves out a block that the stream ends in", async () => {
  assertEquals(await read("data: a\n\ndata: b\n"), [{ id: "", data: "a" }]);
});

Deno.test("readEvents() does not keep what never ends", async () => {
  const chunk = "x".repeat(65_536);
  const chunks = Array.from({ length: 17 }, () => chunk);
  await assertRejects(() => read(...chunks), SyntaxError, "a block is too long");
});

Deno.test("readEvents() tells whenever something comes", async () => {
  let count = 0;
  const body = ReadableStream.from(
    [":\n\n", ":\n\n"].map((text) => new TextEncoder().encode(text)),
  );
  for await (const _ of readEvents(body, () => count++));
  assertEquals(count, 2);
});
