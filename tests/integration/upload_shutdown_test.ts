import { assertEquals } from "@std/assert";
import { LoadBalancer } from "../../mod.ts";
import { RawClient } from "../testing/raw_client.ts";
import { RawServer } from "../testing/raw_server.ts";
import { until, within } from "../testing/until.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

const HALF = new TextEncoder().encode("half");

/** Longer than a listener waits for requests to stop coming, in milliseconds. */
const QUIET_MAX_MS = 1200;

/** The response to a client that has sent half of its content when the listener is shut down. */
async function uploadThrough(framing: string, [first, rest]: [string, string]): Promise<string> {
  await using server = new RawServer(async (connection) => {
    await connection.waitFor("the end");
    await connection.send(OK);
  });
  await using balancer = new LoadBalancer({
    servers: [{ url: server.url, healthCheckPeriod: 0 }],
  });
  const listener = await balancer.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${listener.addr.port}`;
  await using client = await RawClient.connect(url);
  await client.send(`POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n${first}`);
  // A response on a later connection came after it.
  await using later = await RawClient.connect(url);
  await later.send("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n");
  await later.readUntil("not forwarded.");
  const from = performance.now();
  const down = listener.shutdown();
  await until("the time for that", () => performance.now() - from > QUIET_MAX_MS);
  await client.send(rest);
  const received = await client.readToEnd();
  await within("the listener's end", down);
  return received.slice(0, "HTTP/1.1 200".length);
}

const UPLOADS: readonly [what: string, framing: string, content: [string, string]][] = [
  ["a small one", "Content-Length: 12", ["first", "the end"]],
  ["one in pieces", "Content-Length: 20007", ["x".repeat(10_000), "x".repeat(10_000) + "the end"]],
  ["a large one", "Content-Length: 90007", ["x".repeat(80_000), "x".repeat(10_000) + "the end"]],
  ["one in chunks", "Transfer-Encoding: chunked", ["5\r\nfirst\r\n", "7\r\nthe end\r\n0\r\n\r\n"]],
];

for (const [what, framing, content] of UPLOADS) {
  Deno.test(`Listener.shutdown() waits for content that a client is sending (${what})`, async () => {
    assertEquals(await uploadThrough(framing, content), "HTTP/1.1 200");
  });
}

Deno.test("Listener.shutdown() does not wait for content after LoadBalancer.close() has broken off what was under way", async () => {
  await using balancer = new LoadBalancer();
  const listener = await balancer.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${listener.addr.port}`;
  await using client = await RawClient.connect(url);
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf");
  await using later = await RawClient.connect(url);
  await later.send("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n");
  await later.readUntil("not forwarded.");
  await balancer.close(AbortSignal.abort());
  await within("the listener's end", listener.shutdown());
  await within("the connection's end", client.readToEnd());
});

Deno.test("LoadBalancer.close() leaves what it cannot break off its time limit", async () => {
  await using balancer = new LoadBalancer({ timeouts: { content: 1 } });
  // Through a server of the program's own, whose connections are not the balancer's to close.
  const body = new ReadableStream({ start: (controller) => controller.enqueue(HALF) });
  const headers = { "content-length": "9" };
  const request = new Request("http://a/", { method: "POST", headers, body });
  const answered = balancer.fetch(request);
  await balancer.close(AbortSignal.abort());
  assertEquals((await within("an answer", answered)).status, 408);
});
