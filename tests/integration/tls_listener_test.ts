import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { BalancerError, LoadBalancer } from "../../mod.ts";
import { serveBalancer } from "../testing/balancer.ts";
import {
  type AuthorityName,
  certificate,
  handshakes,
  handshakesSoon,
  pem,
} from "../testing/certificates.ts";
import { exchangeRaw, RawClient } from "../testing/raw_client.ts";
import { answering, RawServer } from "../testing/raw_server.ts";
import { TlsServer } from "../testing/tls_server.ts";
import { until } from "../testing/until.ts";
import { connectPeer, echo, type Peer, PeerServer } from "../testing/web_sockets.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** A balancer that speaks TLS, and a client that trusts it and speaks HTTP/2 only. */
async function startTls(urls: readonly string[], workers = 1) {
  const balancer = new LoadBalancer({
    servers: urls.map((url) => ({ url, healthCheckPeriod: 0 })),
    workers,
  });
  const listener = await balancer.listen({
    hostname: "127.0.0.1",
    port: 0,
    tls: certificate("localhost"),
  });
  const client = Deno.createHttpClient({ caCerts: [pem("ca.crt")], http2: true, http1: false });
  const { port } = listener.addr;
  return {
    balancer,
    listener,
    client,
    port,
    url: `https://localhost:${port}`,
    async [Symbol.asyncDispose](): Promise<void> {
      client.close();
      await listener.shutdown();
      await balancer.close();
    },
  };
}

Deno.test("LoadBalancer.listen() passes an HTTP/2 request on as HTTP/1.1", async () => {
  await using server = answering(OK);
  await using proxy = await startTls([server.url]);
  const { client, url } = proxy;
  const headers: [string, string][] = [["cookie", "a=1"], ["cookie", "b=2"], ["te", "trailers"]];
  const response = await fetch(`${url}/path?q=1`, { client, headers });
  assertEquals([response.status, await response.text()], [200, "ok"]);
  const received = server.connections[0]!.received();
  const host = url.slice("https://".length);
  const [line, ...fields] = received.split("\r\n");
  assertEquals([line, fields[0]], ["GET /path?q=1 HTTP/1.1", `host: ${host}`]);
  // RFC 9113 §8.2.3: the pieces of the cookie are one field again.
  assertEquals(fields.filter((field) => field.startsWith("cookie")), ["cookie: a=1; b=2"]);
  assert(!/\r\nte:/i.test(received), received);
  assertStringIncludes(received, "\r\nx-forwarded-proto: https\r\n");
  assertStringIncludes(received, `;host="${host}";proto=https\r\n`);
});

Deno.test("LoadBalancer.listen() passes HTTP/2 content of unknown length on in chunks", async () => {
  await using server = new RawServer(async (connection) => {
    await connection.waitFor("0\r\n\r\n");
    await connection.send(OK);
  });
  await using proxy = await startTls([server.url]);
  const body = ReadableStream.from([new TextEncoder().encode("hello")]);
  const response = await fetch(proxy.url, { client: proxy.client, method: "POST", body });
  assertEquals(await response.text(), "ok");
  const received = server.connections[0]!.received();
  assertStringIncludes(received, "\r\ntransfer-encoding: chunked\r\n");
  assert(received.endsWith("\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), received);
});

Deno.test("LoadBalancer.listen() says by which scheme a client came, whatever the client says", async () => {
  await using server = answering(OK);
  await using clear = await serveBalancer([server.url]);
  const request = "GET https://a.example/ HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n";
  assertStringIncludes(await exchangeRaw(clear.url, request), "200 OK");
  const received = server.connections[0]!.received();
  assertStringIncludes(received, "\r\nx-forwarded-proto: http\r\n");
  assertStringIncludes(received, ";proto=http\r\n");
});

Deno.test("LoadBalancer.listen() is not held up by silence or garbage where TLS is spoken", async () => {
  await using server = answering(OK);
  await using proxy = await startTls([server.url]);
  const { port, url, client } = proxy;
  await using silent = await RawClient.connect(`http://127.0.0.1:${port}`);
  await using half = await RawClient.connect(`http://127.0.0.1:${port}`);
  await half.sendBytes(new Uint8Array([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]));
  for (
    const garbage of ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\x16\x03\x01\xff\xff", "\0".repeat(99)]
  ) {
    await using loud = await RawClient.connect(`http://127.0.0.1:${port}`);
    await loud.send(garbage + "\0".repeat(70_000)).catch(() => {});
    await loud.readToEnd();
  }
  assertEquals(await (await fetch(url, { client })).text(), "ok");
  silent.close();
  half.close();
  assertEquals(server.accepted, 1);
  assertEquals(proxy.balancer.servers()[0]!.active, 0);
});

Deno.test("LoadBalancer.listen() refuses a certificate with another's key, and a port in use", async () => {
  for (const workers of [1, 2]) {
    await using balancer = new LoadBalancer({ workers });
    const options = { hostname: "127.0.0.1", port: 0 };
    const tls = { cert: pem("localhost.crt"), key: pem("untrusted.key") };
    const error = await assertRejects(() => balancer.listen({ ...options, tls }), BalancerError);
    assertEquals([error.code, error.faults[0]?.path], ["invalid", "key"]);
    using taken = Deno.listen(options);
    const { port } = taken.addr;
    const good = { ...options, port, tls: certificate("localhost") };
    await assertRejects(() => balancer.listen(good), Deno.errors.AddrInUse);
  }
});

for (const workers of [1, 2]) {
  Deno.test(`Listener.replaceCertificate() works with ${workers} threads`, async () => {
    await using server = answering(OK);
    await using proxy = await startTls([server.url], workers);
    const { listener, port } = proxy;
    assertEquals(await handshakes(port, "unknown_ca"), false);
    const bad = { cert: "hello", key: "hello" };
    await assertRejects(() => listener.replaceCertificate!(bad), BalancerError);
    assertEquals(await handshakes(port, "ca"), true);
    await listener.replaceCertificate!(certificate("untrusted"));
    // For a second, some connections still get the old one.
    assertEquals(await handshakesSoon(port, "unknown_ca"), true);
    await listener.shutdown();
    await listener.finished;
    await assertRejects(
      () => listener.replaceCertificate!(certificate("localhost")),
      BalancerError,
      "closed",
    );
  });
}

/** Opens a WebSocket at the listener whose certificate comes from this authority. */
async function connectBy(authority: AuthorityName, url: string): Promise<Peer> {
  let peer: Peer | undefined;
  await until(`a connection by ${authority}`, async () => {
    const opening = connectPeer(url, [], { ca: pem(`${authority}.crt`) });
    // While two listeners share the port, the system chooses between them.
    peer = await opening.catch(() => undefined);
    return peer !== undefined;
  });
  return peer!;
}

Deno.test("Listener.replaceCertificate() closes the WebSockets of the earlier listener only", async () => {
  await using server = await PeerServer.start({ onPeer: echo });
  await using proxy = await startTls([server.url]);
  const earlier = await connectBy("ca", proxy.url);
  await proxy.listener.replaceCertificate!(certificate("untrusted"));
  const later = await connectBy("unknown_ca", proxy.url);
  assertEquals((await earlier.closed).code, 1001);
  later.send("still here");
  assertEquals(await later.next(), "still here");
  // And others can be opened, whatever the earlier listener still has to finish.
  const latest = await connectBy("unknown_ca", proxy.url);
  latest.send("here too");
  assertEquals(await latest.next(), "here too");
  for (const peer of [later, latest]) peer.vanish();
});

Deno.test("Listener.replaceCertificate() is there only where TLS is spoken", async () => {
  await using balancer = new LoadBalancer();
  const listener = await balancer.listen({ hostname: "127.0.0.1", port: 0 });
  assertEquals(listener.replaceCertificate, undefined);
  await listener.shutdown();
});

Deno.test("LoadBalancer goes to another server where a certificate is refused, else answers 502", async () => {
  await using bad = new TlsServer("expired", OK);
  await using good = new TlsServer("localhost", OK);
  const upstreamTls = { caCerts: [pem("ca.crt")] };
  await using both = await serveBalancer([bad.url, good.url], { upstreamTls });
  for (let count = 0; count < 4; count++) {
    assertEquals(await (await fetch(both.url)).text(), "ok");
  }
  await using only = await serveBalancer([bad.url], { upstreamTls });
  const response = await fetch(only.url);
  assertEquals([response.status, (await response.text()).includes("expired")], [502, false]);
});

Deno.test("LoadBalancer refuses upstreamTls that it cannot use", () => {
  const cases: readonly [Record<string, unknown>, string][] = [
    [{ caCerts: ["hello"] }, "upstreamTls.caCerts[0]"],
    [{ caCerts: "hello" }, "upstreamTls.caCerts"],
    [{ serverName: "a b" }, "upstreamTls.serverName"],
    [{ ca: [] }, "upstreamTls"],
  ];
  for (const [upstreamTls, path] of cases) {
    try {
      new LoadBalancer({ upstreamTls });
    } catch (error) {
      assert(error instanceof BalancerError);
      assertEquals([error.code, error.faults[0]?.path.startsWith(path)], ["invalid", true]);
      continue;
    }
    throw new Error(`accepted: ${path}`);
  }
});
