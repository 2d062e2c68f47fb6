import { assertEquals, assertMatch } from "@std/assert";
import { EventStreams, STREAMS_MAX } from "../../src/admin/event_streams.ts";
import type { StreamStart } from "../../src/admin/event_stream.ts";
import { Problem } from "../../src/admin/problem.ts";
import { EventLog } from "../../src/state/event_log.ts";
import { completeServer } from "../../src/model/server.ts";
import { FakeClock, settle } from "../testing/fake_clock.ts";
import { LogWatcher } from "../testing/log_watcher.ts";

const SERVER = completeServer({ url: "http://a", name: 'a\r\n"\u2028' });
const START: StreamStart = { earlier: [], missed: false, follow: true };

/** Event log and its streams, on a fake clock. */
class Fixture {
  readonly clock = new FakeClock();
  readonly log = new EventLog(() => this.clock.date(), "run");
  readonly streams = new EventStreams(this.clock);

  /** Adds an event. */
  add(detail?: string): void {
    this.log.add({ type: "unhealthy", server: SERVER, detail });
  }

  /** Opens a stream. */
  open(start: Partial<StreamStart> = {}): Reader {
    return new Reader(this.streams.open(this.log, { ...START, ...start }));
  }
}

/** Reads a stream chunk by chunk. */
class Reader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reader = stream.getReader();
  }

  /** The next chunk; undefined at the end. */
  async next(): Promise<string | undefined> {
    const { value } = await this.#reader.read();
    return value && new TextDecoder().decode(value);
  }

  /** The rest of the stream. */
  async rest(): Promise<string> {
    let text = "";
    for (let chunk = await this.next(); chunk !== undefined; chunk = await this.next()) {
      text += chunk;
    }
    return text;
  }

  leave(): Promise<void> {
    return this.#reader.cancel();
  }
}

function ids(text: string | undefined): string[] {
  return [...(text ?? "").matchAll(/^id: (.*)$/gm)].map(([, id]) => id!);
}

Deno.test("an event stream begins with the id from which it could be resumed", async () => {
  const fixture = new Fixture();
  fixture.add();
  assertEquals(await fixture.open().next(), "retry: 1000\nid: run-1\n\n");
});

Deno.test("an event stream writes an event as one block, whatever the name of its server", async () => {
  const fixture = new Fixture();
  const reader = fixture.open();
  await reader.next();
  fixture.add("HTTP 503");
  const server = {
    url: "http://a",
    name: 'a\r\n"\u2028',
    weight: 1,
    health_check_period: 10,
    max_connections: 0,
    draining: false,
  };
  const data = {
    at: "2026-01-01T00:00:00.000Z",
    type: "unhealthy",
    server,
    previous: null,
    detail: "HTTP 503",
  };
  const text = await reader.next();
  assertEquals(text, `id: run-1\nevent: unhealthy\ndata: ${JSON.stringify(data)}\n\n`);
  assertEquals(text!.includes("\r"), false);
});

Deno.test("an event stream sends earlier events first, and none twice", async () => {
  const fixture = new Fixture();
  for (let i = 0; i < 3; i++) fixture.add();
  const reader = fixture.open({ earlier: fixture.log.last(2) });
  fixture.add();
  assertEquals(ids(await reader.next()), ["run-1", "run-2", "run-3", "run-4"]);
  fixture.add();
  assertEquals(ids(await reader.next()), ["run-5"]);
});

Deno.test("an event stream begins with a reset if events were missed", async () => {
  const fixture = new Fixture();
  fixture.add();
  const text = await fixture.open({ missed: true }).next();
  assertEquals(ids(text), ["run-1", "run-1"]);
  const [, data] = /event: reset\ndata: (.*)\n\n$/.exec(text!)!;
  assertEquals(JSON.parse(data!), {
    at: "2026-01-01T00:00:00.000Z",
    type: "reset",
    server: null,
    previous: null,
    detail: "some events were missed: read /servers again",
  });
});

Deno.test("an event stream with follow=false ends with the latest event", async () => {
  const fixture = new Fixture();
  for (let i = 0; i < 1000; i++) fixture.add();
  const reader = fixture.open({ earlier: fixture.log.last(1000), follow: false });
  assertEquals(ids(await reader.rest()).length, 1001);
  assertEquals(await fixture.open({ follow: false }).rest(), "retry: 1000\nid: run-1000\n\n");
  assertEquals([fixture.streams.count, fixture.clock.timers], [0, 0]);
});

Deno.test("an event stream has a comment every 15 s, but only one while its client does not read", async () => {
  const fixture = new Fixture();
  const reader = fixture.open();
  await reader.next();
  const comment = reader.next();
  await fixture.clock.advance(15_000);
  assertEquals(await comment, ":\n\n");
  await fixture.clock.advance(150_000);
  fixture.add();
  assertMatch((await reader.next())!, /^:\n\nid: run-1\n/);
});

Deno.test("nothing remains of a client that has disconnected", async () => {
  const fixture = new Fixture();
  const reader = fixture.open();
  await reader.next();
  assertEquals([fixture.streams.count, fixture.clock.timers], [1, 1]);
  await reader.leave();
  assertEquals([fixture.streams.count, fixture.clock.timers], [0, 0]);
  fixture.add();
  fixture.streams.close();
});

Deno.test("a client that does not read is disconnected, and others are not", async () => {
  await using log = await LogWatcher.start();
  const fixture = new Fixture();
  const idle = fixture.open({});
  const busy = fixture.open({});
  await busy.next();
  for (let i = 1; i <= 2000; i++) {
    fixture.add();
    await busy.next();
  }
  assertEquals([fixture.streams.count, log.lines], [2, []]);
  fixture.add();
  assertEquals(log.lines, [
    "Closed an event stream: its client has 2000 unread events",
  ]);
  assertEquals([fixture.streams.count, fixture.clock.timers], [1, 1]);
  assertEquals(await idle.next(), undefined);
  assertEquals(ids(await busy.next()), ["run-2001"]);
});

Deno.test("no more than a hundred streams can be open at once", async () => {
  const fixture = new Fixture();
  const readers = Array.from({ length: STREAMS_MAX }, () => fixture.open());
  const refusal = refusalOf(fixture);
  assertEquals([refusal?.status, refusal?.headers], [503, { "retry-after": "5" }]);
  await readers[50]!.leave();
  fixture.open();
  assertEquals(refusalOf(fixture)?.status, 503);
});

Deno.test("EventStreams.close() ends each stream after the events that are waiting", async () => {
  const fixture = new Fixture();
  const reader = fixture.open();
  for (let i = 0; i < 300; i++) fixture.add();
  const untouched = fixture.open();
  fixture.streams.close();
  assertEquals(ids(await reader.rest()).length, 301);
  assertEquals(ids(await untouched.rest()), ["run-300"]);
  assertEquals([fixture.streams.count, fixture.clock.timers], [0, 0]);
  assertEquals(refusalOf(fixture)?.status, 503);
});

Deno.test("event streams end when the log is closed", async () => {
  const fixture = new Fixture();
  const reader = fixture.open();
  await reader.next();
  const rest = reader.rest();
  await settle();
  fixture.log.close();
  assertEquals([await rest, fixture.streams.count, fixture.clock.timers], ["", 0, 0]);
  assertEquals(refusalOf(fixture)?.status, 503);
});

/** Refusal of a stream; undefined if it is opened. */
function refusalOf(fixture: Fixture): Problem | undefined {
  try {
    fixture.open();
    return undefined;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}
