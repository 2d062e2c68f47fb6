import { assertEquals } from "@std/assert";
import { LineWriter, type LostLines } from "../../../src/observability/logging/line_writer.ts";
import { settle } from "../../testing/fake_clock.ts";

const NO_LIMIT = new AbortController().signal;

/** A reader of lines that takes as much as a test allows. */
class Reader {
  text = "";
  readonly losses: LostLines[] = [];
  /** How many bytes each write takes; an error is thrown instead. */
  takes: (number | Error)[] = [];
  #blocked: PromiseWithResolvers<void> | undefined;

  block(): void {
    this.#blocked = Promise.withResolvers<void>();
  }

  release(): void {
    this.#blocked?.resolve();
  }

  writer(waitingMax?: number): LineWriter {
    return new LineWriter({
      write: (bytes) => this.#take(bytes),
      onLoss: (loss) => void this.losses.push(loss),
      ...(waitingMax === undefined ? {} : { waitingMax }),
    });
  }

  async #take(bytes: Uint8Array): Promise<number> {
    await this.#blocked?.promise;
    const takes = this.takes.shift() ?? bytes.length;
    if (takes instanceof Error) throw takes;
    this.text += new TextDecoder().decode(bytes.subarray(0, takes));
    return Math.min(takes, bytes.length);
  }
}

Deno.test("LineWriter writes all lines in order, however little is taken at a time", async () => {
  const reader = new Reader();
  reader.takes = [1, 2, 1, 3];
  const writer = reader.writer();
  for (const line of ["one\n", "two\nthree\n", "four\n"]) writer.write(line);
  await writer.drain(NO_LIMIT);
  writer.write("five\n");
  await writer.drain(NO_LIMIT);
  assertEquals(reader.text, "one\ntwo\nthree\nfour\nfive\n");
  assertEquals(reader.losses, []);
});

Deno.test("LineWriter loses whole calls if its backlog is full, and writes later ones that fit", async () => {
  const reader = new Reader();
  reader.block();
  const writer = reader.writer(10);
  writer.write("one\n");
  writer.write("two\n");
  for (let i = 0; i < 6; i++) writer.write("lost\nlost\n");
  writer.write("3\n");
  assertEquals(reader.losses, [{ lost: 2, why: "their reader is too slow" }]);
  reader.release();
  await writer.drain(NO_LIMIT);
  assertEquals(reader.text, "one\ntwo\n3\n");
  assertEquals(reader.losses.at(-1), { lost: 12, why: undefined });
});

Deno.test("LineWriter reports a loss again when it is ten times as large", async () => {
  const reader = new Reader();
  const writer = reader.writer();
  reader.takes = new Array(99).fill(new Error("Broken pipe"));
  for (let i = 0; i < 99; i++) {
    writer.write("lost\n");
    await writer.drain(NO_LIMIT);
  }
  assertEquals(reader.losses.map(({ lost }) => lost), [1, 10]);
  assertEquals(reader.losses[0]?.why, "Broken pipe");
  writer.write("fine\n");
  await writer.drain(NO_LIMIT);
  assertEquals(reader.losses.at(-1), { lost: 99, why: undefined });
  assertEquals(reader.text, "fine\n");
});

Deno.test("LineWriter ends a line that was broken off before it writes the next ones", async () => {
  const reader = new Reader();
  reader.takes = [6, new Error("No space left on device")];
  const writer = reader.writer();
  writer.write("one\ntwo\n");
  await writer.drain(NO_LIMIT);
  assertEquals([reader.text, reader.losses[0]?.lost], ["one\ntw", 1]);
  writer.write("three\n");
  await writer.drain(NO_LIMIT);
  assertEquals(reader.text, "one\ntw\nthree\n");
});

Deno.test("LineWriter.drain() waits no longer than allowed", async () => {
  const reader = new Reader();
  reader.block();
  const writer = reader.writer();
  writer.write("one\n");
  const limit = new AbortController();
  let drained = false;
  const draining = writer.drain(limit.signal).then(() => drained = true);
  await settle();
  assertEquals(drained, false);
  limit.abort();
  await draining;
  await writer.drain(limit.signal);
  reader.release();
  await writer.drain(NO_LIMIT);
  assertEquals(reader.text, "one\n");
});
