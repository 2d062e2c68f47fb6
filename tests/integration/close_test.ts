import { assertEquals, assertRejects } from "@std/assert";
import { BalancerError, LoadBalancer } from "../../mod.ts";
import { RawClient } from "../testing/raw_client.ts";
import { RawServer } from "../testing/raw_server.ts";
import { until, within } from "../testing/until.ts";

const ADDRESS = { hostname: "127.0.0.1", port: 0 };
const LIMIT_MS = 10_000;

for (const workers of [1, 2]) {
  Deno.test(`LoadBalancer.close() stops what it listens on (${workers} workers)`, async () => {
    const balancer = new LoadBalancer({ workers });
    const listener = await balancer.listen(ADDRESS);
    await within("the end of close()", balancer.close(), LIMIT_MS);
    await within("the end of the listener", listener.finished, LIMIT_MS);
    const { port } = listener.addr;
    await assertRejects(
      () => Deno.connect({ hostname: "127.0.0.1", port }),
      Deno.errors.ConnectionRefused,
    );
  });

  Deno.test(`LoadBalancer.close() breaks off, listener included, where it is told to (${workers} workers)`, async () => {
    await using server = new RawServer(async (connection) => {
      await connection.waitFor("\r\n\r\n");
      await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\nfirst");
    });
    const balancer = new LoadBalancer({
      workers,
      servers: [{ url: server.url, healthCheckPeriod: 0 }],
    });
    const listener = await balancer.listen(ADDRESS);
    await using client = await RawClient.connect(`http://127.0.0.1:${listener.addr.port}`);
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.readUntil("first");
    await within("the end of close()", balancer.close(AbortSignal.abort()), LIMIT_MS);
    await within("the end of the listener", listener.finished, LIMIT_MS);
    assertEquals((await client.readToEnd()).endsWith("first"), true);
  });
}

Deno.test("ListenOptions.signal may be aborted while the listener is shut down", async () => {
  await using server = new RawServer(async (connection) => {
    await connection.waitFor("\r\n\r\n");
    await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\nfirst");
  });
  await using balancer = new LoadBalancer({
    servers: [{ url: server.url, healthCheckPeriod: 0 }],
  });
  const abort = new AbortController();
  const listener = await balancer.listen({ ...ADDRESS, signal: abort.signal });
  await using client = await RawClient.connect(`http://127.0.0.1:${listener.addr.port}`);
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.readUntil("first");
  const down = listener.shutdown();
  const { port } = listener.addr;
  await until("the end of accepting", () => refuses(port));
  abort.abort();
  await balancer.close(AbortSignal.abort());
  await within("the end of the listener", down, LIMIT_MS);
});

async function refuses(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return false;
  } catch {
    return true;
  }
}

Deno.test("LoadBalancer.listen() after close() says that it cannot listen", async () => {
  const balancer = new LoadBalancer();
  await balancer.close();
  await assertRejects(
    () => balancer.listen(ADDRESS),
    BalancerError,
    "Cannot listen: the balancer is closed",
  );
});
