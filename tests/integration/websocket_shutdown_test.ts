import { assertEquals } from "@std/assert";
import { LoadBalancer } from "../../mod.ts";
import { within } from "../testing/until.ts";
import { RunningBalancer } from "../testing/program.ts";
import { RawClient } from "../testing/raw_client.ts";
import { connectPeer, echo, PeerServer, upgradeRequest } from "../testing/web_sockets.ts";

for (const flag of ["--workers=1", "--workers=2"]) {
  Deno.test(`SIGTERM closes WebSockets with 1001 on both sides, and the program ends with 0 (${flag})`, async () => {
    await using server = await PeerServer.start({ onPeer: echo });
    await using balancer = await RunningBalancer.start(flag);
    await balancer.run("add-server", `--url=${server.url}`, "--health-check-period=0");
    // Enough of them for each worker to have some, whichever way the system deals them out.
    const clients = await Promise.all(Array.from({ length: 8 }, () => connectPeer(balancer.url)));
    for (const [i, client] of clients.entries()) {
      client.send(`hello ${i}`);
      assertEquals(await client.next(), `hello ${i}`);
    }
    balancer.signal("SIGTERM");
    for (const [i, client] of clients.entries()) {
      assertEquals((await client.closed).code, 1001);
      assertEquals((await (await server.peer(i + 1)).closed).code, 1001);
    }
    assertEquals(await balancer.exitCode(), 0);
  });

  Deno.test(`SIGTERM gives a client that does not answer the close no more than the grace period (${flag})`, async () => {
    await using server = await PeerServer.start();
    await using balancer = await RunningBalancer.start(flag, "--grace-period=0");
    await balancer.run("add-server", `--url=${server.url}`, "--health-check-period=0");
    await using client = await RawClient.connect(balancer.url);
    await client.send(upgradeRequest());
    await client.readUntil("\r\n\r\n");
    balancer.signal("SIGTERM");
    assertEquals(await balancer.exitCode(), 0);
    await client.readToEnd();
    await (await server.peer(1)).closed;
  });
}

Deno.test("Listener.shutdown() closes the WebSockets of that listener, and others go on", async () => {
  await using server = await PeerServer.start({ onPeer: echo });
  await using balancer = new LoadBalancer({
    servers: [{ url: server.url, healthCheckPeriod: 0 }],
  });
  const one = await balancer.listen({ hostname: "127.0.0.1", port: 0 });
  const other = await balancer.listen({ hostname: "127.0.0.1", port: 0 });
  const [oneUrl, otherUrl] = [one, other].map(({ addr }) => `http://127.0.0.1:${addr.port}`);
  await using client = await RawClient.connect(oneUrl!);
  await client.send(upgradeRequest());
  await client.readUntil("\r\n\r\n");
  const before = await connectPeer(otherUrl!);
  const down = one.shutdown();
  // It does not answer the Close frame, so this listener is not down yet.
  await client.readUntil("going away");
  const later = await connectPeer(otherUrl!);
  for (const peer of [before, later]) {
    peer.send("hello");
    assertEquals(await within("the WebSocket goes on", peer.next()), "hello");
  }
  client.close();
  await within("the listener's end", down);
  await other.shutdown();
  assertEquals((await before.closed).code, 1001);
  assertEquals((await later.closed).code, 1001);
});
