import { assertEquals } from "@std/assert";
import { Deadlines } from "../../src/runtime/deadlines.ts";
import { Registry } from "../../src/state/registry.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { LeastConnections } from "../../src/policies/least_connections.ts";
import { ProxyHandler } from "../../src/proxy/handler.ts";
import type { RequestRecord } from "../../src/proxy/request_record.ts";
import { Instrumentation } from "../../src/proxy/instrumentation.ts";
import { WebSockets } from "../../src/proxy/websockets.ts";
import { systemClock } from "../../src/runtime/system_clock.ts";
import { makeTransport } from "../testing/http1_client.ts";
import { answering, unusedUrl } from "../testing/raw_server.ts";
import { within } from "../testing/until.ts";
import { DEFAULT_SETTINGS } from "../testing/settings.ts";

/** The counts after a request whose first of two observers throws. */
async function observed(serverUrl: string): Promise<{ status: number; told: number }> {
  const table = new StateTable(4);
  const registry = new Registry(table);
  const deadlines = new Deadlines(systemClock);
  await using transport = makeTransport();
  let told = 0;
  const throwing = {
    ended(): void {
      throw new Error("an observer's fault");
    },
  };
  const counting = { ended: (_: RequestRecord) => void told++ };
  const handler = new ProxyHandler({
    registry,
    table,
    policy: new LeastConnections(),
    transport,
    deadlines,
    webSockets: new WebSockets({ deadlines, clock: systemClock }),
    settings: DEFAULT_SETTINGS,
    report: () => {},
    instrumentation: new Instrumentation(systemClock, [throwing, counting]),
  });
  const { slot } = registry.add({ url: serverUrl });
  const response = await handler.fetch(new Request("http://example.com/"));
  await response.text();
  await within("the last request to be over", handler.drain());
  assertEquals(table.active(slot), 0);
  deadlines.clear();
  return { status: response.status, told };
}

Deno.test("an observer that throws leaves no request active, and others are still called", async () => {
  const answers = {
    "in one piece": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "without content": "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "that streams": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
  };
  for (const [what, answer] of Object.entries(answers)) {
    await using server = answering(answer);
    assertEquals(await observed(server.url), { status: 200, told: 1 }, what);
  }
  assertEquals(await observed(unusedUrl()), { status: 502, told: 1 });
});
