import { assert, assertEquals, assertMatch } from "@std/assert";
import { LoadBalancer } from "../../mod.ts";
import { certificate, pem } from "../testing/certificates.ts";
import { KeepAliveClient } from "../testing/keep_alive_client.ts";
import { RunningBalancer } from "../testing/program.ts";
import { RawClient } from "../testing/raw_client.ts";
import { answering, RawServer } from "../testing/raw_server.ts";
import { within } from "../testing/until.ts";

const REQUEST = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const ONE_ANSWER = { answered: 1, lost: [], closes: 0 };
/** A response field that says that the connection is about to be closed. */
const CLOSE = /^connection: close\r$/im;

/** A server that goes on with its first request when it is told to: with an answer, or without. */
function waiting(): { server: RawServer; goOn: (answer: string) => void } {
  const { promise, resolve } = Promise.withResolvers<string>();
  const server = new RawServer(async (connection) => {
    await connection.waitFor("\r\n\r\n");
    await connection.send(await promise);
    connection.close();
  });
  return { server, goOn: resolve };
}

for (const answer of [OK, "nonsense"]) {
  const whose = answer === OK ? "a server's response" : "a response of its own";
  Deno.test(`Listener.shutdown() lets ${whose} say that the connection closes`, async () => {
    const { server, goOn } = waiting();
    await using _ = server;
    await using balancer = new LoadBalancer({
      servers: [{ url: server.url, healthCheckPeriod: 0 }],
    });
    const listener = await balancer.listen({ hostname: "127.0.0.1", port: 0 });
    await using client = await RawClient.connect(`http://127.0.0.1:${listener.addr.port}`);
    await client.send(REQUEST);
    await server.connection(1);
    const down = listener.shutdown();
    goOn(answer);
    const received = await client.readToEnd();
    assert(received.startsWith(`HTTP/1.1 ${answer === OK ? 200 : 502} `), received);
    assertMatch(received, CLOSE);
    await within("the listener's end", down, 5000);
  });
}

/** Clients that keep their connections, and have had one answer each. */
async function keepAliveClients(connect: () => Promise<Deno.Conn>): Promise<KeepAliveClient[]> {
  const clients = Array.from({ length: 8 }, () => new KeepAliveClient(connect));
  await Promise.all(clients.map((client) => client.request()));
  assertEquals(clients.map(({ counts }) => counts), new Array(8).fill(ONE_ANSWER));
  return clients;
}

/** Goes on until each of the clients knows that its connection closes, or has lost a request. */
async function untilTold(clients: readonly KeepAliveClient[]): Promise<void> {
  await Promise.all(clients.map(async (client) => {
    while (client.counts.closes + client.counts.lost.length === 0) await client.request();
  }));
  assertEquals(clients.flatMap(({ counts }) => counts.lost), []);
}

Deno.test("Listener.shutdown() costs clients that keep their connections nothing", async () => {
  await using server = answering(OK);
  await using balancer = new LoadBalancer({
    servers: [{ url: server.url, healthCheckPeriod: 0 }],
  });
  const listener = await balancer.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const clients = await keepAliveClients(() => Deno.connect({ hostname: "127.0.0.1", port }));
  const down = listener.shutdown();
  await untilTold(clients);
  await within("the listener's end", down, 5000);
});

Deno.test("Listener.shutdown() says nothing of connections over HTTP/2 (RFC 9113 §8.2.2)", async () => {
  const { server, goOn } = waiting();
  await using _ = server;
  await using balancer = new LoadBalancer({
    servers: [{ url: server.url, healthCheckPeriod: 0 }],
  });
  const tls = certificate("localhost");
  const listener = await balancer.listen({ hostname: "127.0.0.1", port: 0, tls });
  using client = Deno.createHttpClient({ caCerts: [pem("ca.crt")], http1: false, http2: true });
  const answered = fetch(`https://localhost:${listener.addr.port}/`, { client });
  await server.connection(1);
  const down = listener.shutdown();
  goOn(OK);
  const response = await answered;
  assertEquals([response.status, await response.text()], [200, "ok"]);
  assertEquals(response.headers.get("connection"), null);
  await within("the listener's end", down, 5000);
});

for (const workers of ["--workers=1", "--workers=2"]) {
  Deno.test(`SIGTERM lets responses say that the connection closes, and loses none (${workers})`, async () => {
    const { promise: held, resolve: goOn } = Promise.withResolvers<void>();
    await using server = new RawServer(async (connection, number) => {
      for (let request = 1;; request++) {
        await connection.waitFor("\r\n\r\n", request);
        if (number === 1) await held;
        await connection.send(OK);
      }
    });
    await using balancer = await RunningBalancer.start(workers);
    await balancer.run("add-server", `--url=${server.url}`, "--health-check-period=0");
    await using client = await RawClient.connect(balancer.url);
    await client.send(REQUEST);
    await server.connection(1);
    const { hostname, port } = new URL(balancer.url);
    const clients = await keepAliveClients(() => Deno.connect({ hostname, port: Number(port) }));
    balancer.signal("SIGTERM");
    await untilTold(clients);
    goOn();
    assertMatch(await client.readToEnd(), CLOSE);
    assertEquals(await within("the program's end", balancer.exitCode(), 10_000), 0);
  });
}

/** For how long a certificate that was replaced is still shown, and some more, in milliseconds. */
const OVERLAP_MS = 3500;

for (const workers of [1, 2]) {
  Deno.test(`Listener.replaceCertificate() costs clients that keep their connections nothing (${workers} threads)`, async () => {
    await using server = answering(OK);
    await using balancer = new LoadBalancer({
      servers: [{ url: server.url, healthCheckPeriod: 0 }],
      workers,
    });
    const tls = certificate("localhost");
    const listener = await balancer.listen({ hostname: "127.0.0.1", port: 0, tls });
    const { port } = listener.addr;
    const caCerts = [pem("ca.crt"), pem("unknown_ca.crt")];
    const clients = await keepAliveClients(
      () => Deno.connectTls({ hostname: "localhost", port, caCerts }),
    );
    await listener.replaceCertificate!(certificate("untrusted"));
    const end = performance.now() + OVERLAP_MS;
    await Promise.all(clients.map(async (client) => {
      while (performance.now() < end) await client.request();
    }));
    assertEquals(clients.flatMap(({ counts }) => counts.lost), []);
    // Each was told, as it kept its connection.
    assert(clients.every(({ counts }) => counts.closes >= 1), "nobody was told");
    for (const client of clients) client[Symbol.dispose]();
    await listener.shutdown();
  });
}
