import { assertEquals, assertMatch } from "@std/assert";
import { EventClient } from "../testing/event_client.ts";
import { RunningBalancer } from "../testing/program.ts";
import { RawClient } from "../testing/raw_client.ts";
import { RawServer } from "../testing/raw_server.ts";

const REQUEST = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/** A balancer with one request under way, whose response has begun and is not complete. */
async function withRequestUnderWay(server: RawServer, ...flags: string[]): Promise<{
  balancer: RunningBalancer;
  client: RawClient;
}> {
  const balancer = await RunningBalancer.start(...flags);
  await balancer.run("add-server", `--url=${server.url}`, "--health-check-period=0");
  const client = await RawClient.connect(balancer.url);
  await client.send(REQUEST);
  await client.readUntil("first");
  return { balancer, client };
}

for (const flag of ["--workers=1", "--workers=2"]) {
  Deno.test(`SIGTERM lets a request finish, and the program ends with 0 (${flag})`, async () => {
    const { promise: stopped, resolve: isStopping } = Promise.withResolvers<void>();
    await using server = new RawServer(async (connection) => {
      await connection.waitFor("\r\n\r\n");
      await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\nfirst");
      await stopped;
      await connection.send("last".padStart(70_000 - "first".length));
    });
    const { balancer, client } = await withRequestUnderWay(server, flag);
    await using _ = balancer;
    await using __ = client;
    balancer.signal("SIGTERM");
    await balancer.waitForError("SIGTERM: finishing active requests");
    isStopping();
    assertMatch(await client.readToEnd(), /first *last$/);
    assertEquals(await balancer.exitCode(), 0);
  });

  Deno.test(`SIGTERM breaks off what takes longer than the grace period, and ends with 0 (${flag})`, async () => {
    await using server = new RawServer(async (connection) => {
      await connection.waitFor("\r\n\r\n");
      await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\nfirst");
    });
    const { balancer, client } = await withRequestUnderWay(server, flag, "--grace-period=0");
    await using _ = balancer;
    await using __ = client;
    balancer.signal("SIGTERM");
    assertEquals(await balancer.exitCode(), 0);
    assertEquals((await client.readToEnd()).endsWith("first"), true);
    await server.connections[0]!.closed;
  });

  Deno.test(`SIGTERM does not wait for those who follow the events (${flag})`, async () => {
    await using balancer = await RunningBalancer.start(flag, "--grace-period=86400");
    await balancer.run("add-server", "--url=http://a", "--health-check-period=0");
    await using client = await EventClient.open(`http://127.0.0.1:${balancer.apiPort}`, "?last=1");
    await client.until("http://a");
    balancer.signal("SIGTERM");
    assertEquals(await balancer.exitCode(), 0);
    assertEquals((await client.rest()).length, 1);
  });
}
