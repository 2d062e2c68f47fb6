import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { BalancerError, createAdmin, LoadBalancer } from "../../mod.ts";
import { activeRequests, serveBalancer } from "../testing/balancer.ts";
import { RawClient } from "../testing/raw_client.ts";
import { answering, RawServer } from "../testing/raw_server.ts";
import { within } from "../testing/until.ts";

const REQUEST = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const PIECE = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n";

/** A server that begins a response and ends it on request. */
function pausing(): { server: RawServer; finish: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const server = new RawServer(async (connection) => {
    await connection.waitFor("\r\n\r\n");
    await connection.send(PIECE);
    await promise;
    await connection.send("4\r\nlast\r\n0\r\n\r\n");
  });
  return { server, finish: resolve };
}

/** A client whose response has begun. */
async function clientUnderWay(url: string): Promise<RawClient> {
  const client = await RawClient.connect(url);
  await client.send(REQUEST);
  await client.readUntil("first");
  return client;
}

Deno.test("LoadBalancer.remove() lets the server finish its active requests", async () => {
  const { server, finish } = pausing();
  await using _ = server;
  await using served = await serveBalancer([server.url]);
  await using client = await clientUnderWay(served.url);
  served.balancer.remove(server.url);
  finish();
  assertStringIncludes(await client.readUntil("0\r\n\r\n"), "last");
  // The connection is not kept for a server that has been removed.
  await server.connections[0]!.closed;
});

Deno.test("LoadBalancer.remove() breaks off requests that take longer than the drain time", async () => {
  const { server, finish } = pausing();
  await using _ = server;
  await using served = await serveBalancer([server.url]);
  await using client = await clientUnderWay(served.url);
  served.balancer.remove(server.url, 0.01);
  const received = await client.readToEnd();
  assertEquals(received.endsWith("5\r\nfirst\r\n"), true, received);
  await server.connections[0]!.closed;
  finish();
});

Deno.test("LoadBalancer.remove() rejects an invalid drain time, and removes nothing", async () => {
  await using server = answering("");
  await using served = await serveBalancer([server.url]);
  for (const drain of [-1, NaN, 86_401]) {
    const error = assertThrows(() => served.balancer.remove(server.url, drain), BalancerError);
    assertEquals([error.code, error.faults[0]?.path], ["invalid", "drain"]);
  }
  assertEquals(served.balancer.servers().length, 1);
});

Deno.test("POST /delete breaks off requests that take longer than `drain`, and reports an invalid one", async () => {
  const { server, finish } = pausing();
  await using _ = server;
  await using served = await serveBalancer([server.url]);
  await using client = await clientUnderWay(served.url);
  const admin = createAdmin(served.balancer);
  async function remove(drain: unknown): Promise<number> {
    const response = await admin.fetch(
      new Request("http://localhost/delete", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ url: server.url, drain }),
      }),
    );
    await response.body?.cancel();
    return response.status;
  }
  assertEquals([await remove("30"), await remove(-1)], [400, 400]);
  assertEquals(served.balancer.servers().length, 1);
  assertEquals(await remove(0), 200);
  await client.readToEnd();
  await server.connections[0]!.closed;
  finish();
});

Deno.test("LoadBalancer.setServers() applies only the differences", async () => {
  const { server, finish } = pausing();
  await using _ = server;
  await using old = answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold");
  await using fresh = answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfresh");
  await using served = await serveBalancer([server.url, old.url]);
  await using client = await clientUnderWay(served.url);
  const { balancer } = served;
  const diff = await balancer.setServers([
    { url: server.url, weight: 7, healthCheckPeriod: 0 },
    { url: fresh.url, healthCheckPeriod: 0 },
  ]);
  assertEquals(
    [diff.added, diff.changed, diff.removed].map((servers) => servers.map(({ url }) => url)),
    [[fresh.url], [server.url], [old.url]],
  );
  assertEquals(balancer.servers().map(({ weight, active }) => [weight, active]), [[7, 1], [1, 0]]);
  const answer = await fetch(served.url);
  assertEquals(await answer.text(), "fresh");
  finish();
  await client.readUntil("last");
  const same = await balancer.setServers(
    balancer.servers().map(({ url, weight }) => ({ url, weight, healthCheckPeriod: 0 })),
  );
  assertEquals([same.added, same.changed, same.removed], [[], [], []]);
});

Deno.test("LoadBalancer.setServers() changes nothing if one of the servers is invalid", async () => {
  await using one = answering("");
  await using served = await serveBalancer([one.url]);
  const { balancer } = served;
  const before = balancer.servers();
  const faulty = [
    [{ url: "http://a" }, { url: "nonsense" }],
    [{ url: "http://a" }, { url: "HTTP://A/" }],
  ];
  for (const servers of faulty) {
    await assertRejects(() => balancer.setServers(servers), BalancerError);
  }
  assertEquals(balancer.servers(), before);
  assertEquals(activeRequests(balancer), 0);
});

/** A request whose content is incomplete, and a function that sends the rest. */
function beingReceived(length: string | undefined) {
  const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>>();
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  const request = new Request("http://a/", {
    method: "POST",
    body: readable,
    headers: length === undefined ? {} : { "content-length": length },
  });
  // No wait here: if nothing reads on, it would last for ever.
  return {
    request,
    send: (text: string) => void writer.write(encoder.encode(text)).catch(() => {}),
    end: () => void writer.close().catch(() => {}),
    abort: () => void writer.abort().catch(() => {}),
  };
}

// HTTP/2 needs no length: only the first piece shows whether there is content.
for (const length of ["10", undefined]) {
  const which = length === undefined ? "without a length" : "of 10 bytes";
  Deno.test(`LoadBalancer.close() waits for a request whose content ${which} is being received`, async () => {
    await using server = new RawServer(async (connection) => {
      await connection.waitFor("ytes!");
      await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    await using balancer = new LoadBalancer({
      servers: [{ url: server.url, healthCheckPeriod: 0 }],
    });
    const { request, send, end } = beingReceived(length);
    const answered = balancer.fetch(request);
    const closed = balancer.close();
    const refused = await balancer.fetch(new Request("http://a/"));
    assertEquals([refused.status, await refused.text() !== ""], [503, true]);
    send("lastb");
    send("ytes!");
    end();
    const response = await answered;
    assertEquals([response.status, await response.text()], [200, "ok"]);
    await closed;
    // Once it is over, nothing is left to wait for.
    await balancer.close();
  });
}

Deno.test("LoadBalancer.close() does not wait for content that its client has canceled", async () => {
  await using server = answering("");
  await using balancer = new LoadBalancer({
    servers: [{ url: server.url, healthCheckPeriod: 0 }],
  });
  const { request, send, abort } = beingReceived("10");
  const answered = balancer.fetch(request);
  const closed = balancer.close();
  send("some");
  abort();
  const response = await answered;
  assertEquals([response.status, await response.text() !== ""], [400, true]);
  await closed;
});

Deno.test("LoadBalancer.close() does not wait again for requests that were broken off, nor does an earlier call", async () => {
  const { server, finish } = pausing();
  await using _ = server;
  const balancer = new LoadBalancer({
    servers: [{ url: server.url, healthCheckPeriod: 0 }],
  });
  // A client that does not read its response: the platform never reports its end.
  const completed = new Promise<void>(() => {});
  const response = await balancer.fetch(new Request("http://a/"), { completed });
  const earlier = balancer.close();
  await balancer.close(AbortSignal.abort());
  await within("the earlier close()", earlier, 5000);
  await within("a later close()", balancer.close(), 5000);
  finish();
  await response.body!.cancel().catch(() => {});
});
