import { assertEquals, assertRejects } from "@std/assert";
import { Deadlines } from "../../src/runtime/deadlines.ts";
import { BalancerError } from "../../src/model/errors.ts";
import { BodyTimeout } from "../../src/proxy/body_timeout.ts";
import { FakeClock, settle } from "../testing/fake_clock.ts";

Deno.test("BodyTimeout.begin() returns content that arrives in time, and leaves no timer", async () => {
  const clock = new FakeClock();
  const bodyTimeout = new BodyTimeout(new Deadlines(clock), 1);
  const { promise, resolve } = Promise.withResolvers<string>();
  const received = bodyTimeout.begin(promise);
  await clock.advance(900);
  resolve("content");
  assertEquals(await received, "content");
  await clock.advance(200);
  assertEquals(clock.timers, 0);
});

Deno.test("BodyTimeout.begin() fails as the content does", async () => {
  const bodyTimeout = new BodyTimeout(new Deadlines(new FakeClock()), 1);
  await assertRejects(() => bodyTimeout.begin(Promise.reject(new TypeError("test"))), TypeError);
});

Deno.test("BodyTimeout.begin() fails after its time, and ignores content that arrives later", async () => {
  const clock = new FakeClock();
  const bodyTimeout = new BodyTimeout(new Deadlines(clock), 1);
  const { promise, reject } = Promise.withResolvers<string>();
  const failed = assertRejects(() => bodyTimeout.begin(promise), BalancerError);
  await clock.advance(1200);
  const { code, source } = await failed;
  assertEquals([code, source], ["request_timeout", "downstream"]);
  reject(new Error("broke off"));
});

/** A POST that announces this much content, which a test sends piece by piece. */
function upload(length: number) {
  let content!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  let given = false;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => void (content = controller),
    cancel: () => void (given = true),
  });
  const clock = new FakeClock();
  const bodyTimeout = new BodyTimeout(new Deadlines(clock), 2);
  const request = new Request("http://a/", { method: "POST", body });
  let outcome: string | number | undefined;
  bodyTimeout.take(request, length).then(({ length }) => outcome = length, (error) => {
    outcome = error.code ?? error.name;
  });
  return {
    clock,
    outcome: () => outcome,
    given: () => given,
    close: () => content.close(),
    /** Sends a piece after a delay. */
    async send(bytes: number, after: number): Promise<void> {
      await clock.advance(after);
      if (outcome === undefined) content.enqueue(new Uint8Array(bytes));
      await settle();
    },
  };
}

Deno.test("BodyTimeout.take() waits for a client that is never silent for too long", async () => {
  for (
    const [length, piece, pause] of [[60_000, 6000, 500], [65_536, 4096, 1900], [10_240, 1024, 900]]
  ) {
    const { clock, send, close, outcome } = upload(length!);
    for (let sent = 0; sent < length!; sent += piece!) await send(piece!, pause!);
    close();
    await settle();
    assertEquals(outcome(), length);
    await clock.advance(200);
    assertEquals(clock.timers, 0);
  }
});

Deno.test("BodyTimeout.take() gives up on a client that is silent for too long", async () => {
  const { send, clock, outcome, given } = upload(60_000);
  for (let piece = 0; piece < 5; piece++) await send(6000, 1500);
  await clock.advance(1900);
  assertEquals(outcome(), undefined);
  await clock.advance(300);
  assertEquals([outcome(), given()], ["request_timeout", true]);
});

Deno.test("BodyTimeout.take() gives up on a client that sends a byte at a time", async () => {
  // A second for each KiB, in addition to the silence.
  for (const [length, seconds] of [[10, 2], [10_240, 12], [20_480, 22], [65_536, 66]]) {
    const { send, outcome } = upload(length!);
    for (let second = 1; second < seconds!; second++) await send(1, 1000);
    assertEquals(outcome(), undefined);
    await send(1, 1000);
    await send(1, 1000);
    assertEquals(outcome(), "request_timeout");
  }
});

Deno.test("BodyTimeout.take() accepts no more than was announced", async () => {
  const { send, outcome } = upload(20_000);
  await send(20_001, 0);
  assertEquals(outcome(), "TypeError");
});
