import { assertEquals } from "@std/assert";
import { Deadlines } from "../../src/runtime/deadlines.ts";
import { Registry } from "../../src/state/registry.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { LeastConnections } from "../../src/policies/least_connections.ts";
import { ProxyHandler } from "../../src/proxy/handler.ts";
import { WebSockets } from "../../src/proxy/websockets.ts";
import type { UpstreamRequest } from "../../src/http1/message.ts";
import type {
  ConnectionCounts,
  UpstreamResponse,
  WebSocketTransport,
} from "../../src/upstream/transport.ts";
import { FakeClock, settle } from "../testing/fake_clock.ts";
import { DEFAULT_SETTINGS } from "../testing/settings.ts";

const NOTHING: UpstreamResponse = {
  status: 204,
  headers: [],
  contentLength: undefined,
  body: null,
  discard: () => {},
};

/** A transport whose requests a test answers. */
class HeldTransport implements WebSocketTransport {
  readonly targets: string[] = [];
  readonly #answers: ((response: UpstreamResponse) => void)[] = [];

  send(_: string, { target }: UpstreamRequest): Promise<UpstreamResponse> {
    this.targets.push(target);
    return new Promise((resolve) => this.#answers.push(resolve));
  }

  answer(): void {
    this.#answers.shift()!(NOTHING);
  }

  upgrade(): Promise<never> {
    return Promise.reject(new Error("not here"));
  }

  forget(): void {}

  connections(): ConnectionCounts {
    return { open: 0, idle: 0 };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

function setUp() {
  const clock = new FakeClock();
  const table = new StateTable(4);
  const registry = new Registry(table);
  const transport = new HeldTransport();
  const deadlines = new Deadlines(clock);
  const handler = new ProxyHandler({
    registry,
    table,
    policy: new LeastConnections(),
    transport,
    deadlines,
    webSockets: new WebSockets({ deadlines, clock }),
    settings: DEFAULT_SETTINGS,
    report: () => {},
  });
  async function send(path: string): Promise<number> {
    return (await handler.fetch(new Request(`http://example.com${path}`))).status;
  }
  return { clock, table, registry, transport, send };
}

Deno.test("ProxyHandler gives a server that becomes free to the next request without delay", async () => {
  const { registry, transport, send } = setUp();
  registry.add({ url: "http://a", maxConnections: 1 });
  const responses = ["/1", "/2", "/3"].map(send);
  for (const sent of [["/1"], ["/1", "/2"], ["/1", "/2", "/3"]]) {
    await settle();
    assertEquals(transport.targets, sent);
    transport.answer();
  }
  assertEquals(await Promise.all(responses), [204, 204, 204]);
});

Deno.test("ProxyHandler notices within a tick that a server is healthy again", async () => {
  const { clock, table, registry, transport, send } = setUp();
  registry.add({ url: "http://a", maxConnections: 1 });
  const { slot } = registry.add({ url: "http://b" });
  table.setHealthy(slot, false);
  const responses = ["/1", "/2"].map(send);
  await clock.advance(500);
  assertEquals(transport.targets, ["/1"]);
  table.setHealthy(slot, true);
  await clock.advance(100);
  assertEquals([transport.targets, table.active(slot)], [["/1", "/2"], 1]);
  transport.answer();
  transport.answer();
  assertEquals(await Promise.all(responses), [204, 204]);
  await clock.advance(200);
  assertEquals([table.active(slot), clock.timers], [0, 0]);
});
