import { assertEquals } from "@std/assert";
import { Deadlines } from "../../src/runtime/deadlines.ts";
import { WebSocketRelay } from "../../src/proxy/websocket_relay.ts";
import type { SocketEnd, UpstreamSocket } from "../../src/upstream/transport.ts";
import { FakeClock, settle } from "../testing/fake_clock.ts";

const MIB = 1_048_576;
const CLOSE_TIMEOUT_MS = 5000;

type Received = string | Uint8Array<ArrayBuffer> | SocketEnd;

/** A scripted client's side that records the calls. */
class FakeClient extends EventTarget {
  readyState: number = WebSocket.CONNECTING;
  bufferedAmount = 0;
  readonly calls: string[] = [];

  open(): void {
    this.readyState = WebSocket.OPEN;
    this.dispatchEvent(new Event("open"));
  }

  receive(data: string | ArrayBuffer): void {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  end(code: number, reason: string, wasClean: boolean): void {
    this.readyState = WebSocket.CLOSED;
    this.dispatchEvent(new CloseEvent("close", { code, reason, wasClean }));
  }

  send(data: string | Uint8Array): void {
    this.calls.push(`send ${data}`);
  }

  close(code?: number, reason?: string): void {
    this.calls.push(`close ${code} ${reason}`);
  }
}

/** A scripted server's side that records the calls. */
class FakeServer implements UpstreamSocket {
  readonly headers = [];
  unsent = 0;
  readonly calls: string[] = [];
  #deliver: ((received: Received) => void) | undefined;

  /** Whether a read of the next message is pending. */
  get read(): boolean {
    return this.#deliver !== undefined;
  }

  receive(): Promise<Received> {
    return new Promise((resolve) => this.#deliver = resolve);
  }

  async give(received: Received): Promise<void> {
    this.#deliver!(received);
    this.#deliver = undefined;
    await settle();
  }

  send(data: Uint8Array, text: boolean): void {
    this.calls.push(`send ${text ? new TextDecoder().decode(data) : data.length}`);
  }

  close(code: number | undefined, reason: string): void {
    this.calls.push(`close ${code} ${reason}`);
  }

  flushed(): Promise<void> {
    return Promise.resolve();
  }

  destroy(): void {
    this.calls.push("destroy");
  }
}

/** A relay between two fakes. */
function makeRelay() {
  const clock = new FakeClock();
  const client = new FakeClient();
  const server = new FakeServer();
  const state = { ends: 0 };
  const relay = new WebSocketRelay(client as unknown as WebSocket, server, {
    clock,
    closeQueue: new Deadlines(clock).queue(CLOSE_TIMEOUT_MS),
    onEnd: () => state.ends++,
  });
  return { clock, client, server, relay, state };
}

Deno.test("WebSocketRelay stops reading from the server while the client takes nothing", async () => {
  const { clock, client, server, state } = makeRelay();
  client.open();
  await server.give("a");
  client.bufferedAmount = MIB;
  await server.give("b");
  assertEquals(server.read, true);
  client.bufferedAmount = MIB + 1;
  await server.give("c");
  await clock.advance(3_600_000);
  assertEquals([server.read, client.calls], [false, ["send a", "send b", "send c"]]);
  client.bufferedAmount = 0;
  await clock.advance(64);
  assertEquals([server.read, clock.timers], [true, 0]);
  // A client that disconnects meanwhile leaves no timer.
  client.bufferedAmount = MIB + 1;
  await server.give("d");
  assertEquals([server.read, clock.timers], [false, 1]);
  client.end(0, "", false);
  await settle();
  assertEquals([state.ends, clock.timers], [1, 0]);
});

Deno.test("WebSocketRelay reads the server's answer to a close, however large the client's backlog", async () => {
  const { client, server, state } = makeRelay();
  client.open();
  client.bufferedAmount = MIB + 1;
  await server.give("a");
  assertEquals(server.read, false);
  client.end(1000, "done", true);
  await settle();
  assertEquals([server.read, server.calls], [true, ["close 1000 done"]]);
  await server.give({ cause: "closed", code: 1000, reason: "" });
  assertEquals(state.ends, 1);
});

Deno.test("WebSocketRelay breaks off the server's connection when the client broke off", () => {
  // The last one is how the platform reports a client that answers no ping.
  for (const code of [0, 1006, 1001]) {
    const { client, server, state } = makeRelay();
    client.open();
    client.end(code, "", false);
    assertEquals([state.ends, server.calls.filter((call) => call !== "destroy")], [1, []]);
  }
});

Deno.test("WebSocketRelay closes with 1013 if the backlog for a slow server exceeds 64 MiB", async () => {
  const { client, server, state } = makeRelay();
  client.open();
  server.unsent = 64 * MIB;
  client.receive("a");
  assertEquals([server.calls, client.calls], [["send a"], []]);
  server.unsent = 64 * MIB + 1;
  client.receive(new ArrayBuffer(3));
  assertEquals(server.calls, ["send a", "send 3", "destroy"]);
  assertEquals(client.calls, ["close 1013 the server reads too slowly"]);
  client.receive("too late");
  assertEquals(server.calls.length, 3);
  await server.give({ cause: "ended_here", code: undefined, reason: "" });
  assertEquals(state.ends, 0);
  client.end(1013, "", true);
  assertEquals(state.ends, 1);
});

Deno.test("WebSocketRelay closes with 1009 for a message of more than 16 MiB", () => {
  for (const data of ["é".repeat(8 * MIB) + "a", new ArrayBuffer(16 * MIB + 1)]) {
    const { client, server, relay } = makeRelay();
    client.open();
    client.receive(data);
    const wanted = "close 1009 a message is larger than 16777216 bytes";
    assertEquals([client.calls, server.calls], [[wanted], [wanted]]);
    relay.onDue();
  }
});

Deno.test("WebSocketRelay ends when a side does not answer a close, and ends once", async () => {
  const starts: [string, (parts: ReturnType<typeof makeRelay>) => void | Promise<void>][] = [
    ["the client closes, the server is silent", ({ client }) => client.end(1000, "", true)],
    [
      "the server closes, the client is silent",
      ({ server }) => server.give({ cause: "closed", code: 1000, reason: "" }),
    ],
    ["both are told to close", ({ relay }) => relay.goAway()],
    [
      "the server breaks the rules",
      ({ server }) => server.give({ cause: "violation", code: 1002, reason: "x" }),
    ],
  ];
  for (const [what, start] of starts) {
    const parts = makeRelay();
    parts.client.open();
    await start(parts);
    await parts.clock.advance(CLOSE_TIMEOUT_MS - 1);
    assertEquals(parts.state.ends, 0, what);
    await parts.clock.advance(300);
    assertEquals([parts.state.ends, parts.server.calls.at(-1)], [1, "destroy"], what);
    // Late events change nothing.
    parts.client.end(1000, "", true);
    if (parts.server.read) await parts.server.give("late");
    parts.relay.onDue();
    assertEquals([parts.state.ends, parts.clock.timers], [1, 0], what);
    assertEquals(parts.client.calls.includes("send late"), false, what);
  }
});

Deno.test("WebSocketRelay ends when the client's side never opens, or fails", async () => {
  const silent = makeRelay();
  await silent.clock.advance(CLOSE_TIMEOUT_MS + 300);
  assertEquals([silent.state.ends, silent.server.calls], [1, ["destroy"]]);
  const failing = makeRelay();
  failing.client.dispatchEvent(new ErrorEvent("error"));
  assertEquals(failing.state.ends, 1);
  await failing.clock.advance(CLOSE_TIMEOUT_MS + 300);
  assertEquals([failing.state.ends, failing.clock.timers], [1, 0]);
});

Deno.test("WebSocketRelay stays open however long it is idle", async () => {
  const { clock, client, state } = makeRelay();
  client.open();
  await clock.advance(86_400_000);
  assertEquals([state.ends, clock.timers], [0, 0]);
});

Deno.test("WebSocketRelay closes a client that opens after it was told to close", async () => {
  const { client, server, relay, clock, state } = makeRelay();
  relay.goAway();
  assertEquals(client.calls, []);
  client.open();
  assertEquals(client.calls, ["close 1001 the load balancer is going away"]);
  await server.give({ cause: "closed", code: 1001, reason: "" });
  await clock.advance(CLOSE_TIMEOUT_MS + 300);
  assertEquals(state.ends, 1);
});

Deno.test("WebSocketRelay closes the client according to how the server's side ended", async () => {
  const cases: [SocketEnd, string][] = [
    [{ cause: "closed", code: 4000, reason: "x" }, "close 4000 x"],
    [{ cause: "closed", code: undefined, reason: "" }, "close undefined undefined"],
    [{ cause: "broken_off", code: undefined, reason: "" }, "close 1011"],
    [{ cause: "ended_here", code: undefined, reason: "" }, "close 1001"],
    [{ cause: "violation", code: 1007, reason: "x" }, "close 1011"],
    [{ cause: "violation", code: 1009, reason: "x" }, "close 1009 x"],
  ];
  for (const [end, wanted] of cases) {
    const { client, server, relay } = makeRelay();
    client.open();
    await server.give(end);
    assertEquals(client.calls.length, 1);
    assertEquals(client.calls[0]!.slice(0, wanted.length), wanted);
    relay.onDue();
  }
});
