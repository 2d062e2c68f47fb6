import { assert, assertEquals } from "@std/assert";
import { certificatePath, pem } from "../testing/certificates.ts";
import { RunningBalancer } from "../testing/program.ts";
import { RawClient } from "../testing/raw_client.ts";
import { upgradeRequest } from "../testing/web_sockets.ts";
import { within } from "../testing/until.ts";

const GRACE_SECONDS = 1;
/** How much longer the end may take on a machine that has much else to do, in seconds. */
const SLACK_SECONDS = 6;

/** A server that sends without end, or says nothing, by the path; and opens WebSockets. */
class EndlessServer implements AsyncDisposable {
  readonly #abort = new AbortController();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    const { signal } = this.#abort;
    const options = { hostname: "127.0.0.1", port: 0, signal, onListen: () => {} };
    this.#server = Deno.serve(options, (request) => {
      if (request.headers.has("upgrade")) return Deno.upgradeWebSocket(request).response;
      if (request.url.endsWith("/silent")) return new Promise<Response>(() => {});
      const piece = new Uint8Array(65_536);
      const pull = (controller: ReadableByteStreamController) => controller.enqueue(piece.slice());
      return new Response(new ReadableStream({ type: "bytes", pull }));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#server.finished;
  }
}

/** A balancer in front of such a server. */
async function start(server: EndlessServer, ...flags: string[]): Promise<RunningBalancer> {
  const balancer = await RunningBalancer.start(...flags);
  await balancer.run("add-server", `--url=${server.url}`, "--health-check-period=0");
  return balancer;
}

/** A client that reads the beginning of what it asks for, and nothing more. */
async function stoppedClient(url: string, request: string): Promise<RawClient> {
  const client = await RawClient.connect(url);
  await client.send(request);
  await client.readUntil("\r\n\r\n");
  return client;
}

/** Sends SIGTERM, and checks that the program ends with 0 when the grace period is over. */
async function assertEnds(balancer: RunningBalancer): Promise<void> {
  const from = performance.now();
  balancer.signal("SIGTERM");
  const limit = GRACE_SECONDS + SLACK_SECONDS;
  assertEquals(await within("the end of the program", balancer.exitCode(), limit * 1000), 0);
  const seconds = (performance.now() - from) / 1000;
  assert(seconds >= GRACE_SECONDS, `ended after ${seconds} s`);
}

for (const workers of ["--workers=1", "--workers=2"]) {
  const grace = `--grace-period=${GRACE_SECONDS}`;

  Deno.test(`SIGTERM ends the program after the grace period, whatever clients do (${workers})`, async () => {
    await using server = new EndlessServer();
    await using balancer = await start(server, workers, grace);
    const { url, apiPort } = balancer;
    await using _ = await stoppedClient(url, "GET /download HTTP/1.1\r\nHost: a\r\n\r\n");
    await using __ = await stoppedClient(url, upgradeRequest());
    await using silent = await RawClient.connect(url);
    await silent.send("GET /silent HTTP/1.1\r\nHost: a\r\n\r\n");
    await using head = await RawClient.connect(url);
    await head.send("GET / HTTP/1.1\r\nHo");
    await using content = await RawClient.connect(url);
    await content.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf");
    const api = `http://127.0.0.1:${apiPort}`;
    await using ___ = await stoppedClient(api, "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await using change = await RawClient.connect(api);
    await change.send(
      "POST /add HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
        'Content-Length: 99\r\n\r\n{"url"',
    );
    await assertEnds(balancer);
  });

  Deno.test(`SIGTERM ends the program after the grace period, over TLS and HTTP/2 as well (${workers})`, async () => {
    await using server = new EndlessServer();
    const files = [`--tls-cert=${certificatePath("localhost.crt")}`];
    files.push(`--tls-key=${certificatePath("localhost.key")}`);
    await using balancer = await start(server, workers, grace, ...files);
    const { port } = new URL(balancer.url);
    const caCerts = [pem("ca.crt")];
    using http2 = Deno.createHttpClient({ caCerts, http1: false, http2: true });
    using http1 = Deno.createHttpClient({ caCerts, http1: true, http2: false });
    // Nothing of their content is read, so that their windows and buffers fill.
    const responses = await Promise.all(
      [http1, http2].map((client) => fetch(`https://localhost:${port}/download`, { client })),
    );
    await using handshake = await RawClient.connect(balancer.url);
    await handshake.sendBytes(new Uint8Array([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]));
    await assertEnds(balancer);
    for (const { body } of responses) await body!.cancel().catch(() => {});
  });

  Deno.test(`a second SIGTERM ends the program at once (${workers})`, async () => {
    await using server = new EndlessServer();
    await using balancer = await start(server, workers, "--grace-period=86400");
    await using _ = await stoppedClient(
      balancer.url,
      "GET /download HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    balancer.signal("SIGTERM");
    await within(
      "the first signal",
      balancer.waitForError("SIGTERM: finishing"),
      SLACK_SECONDS * 1000,
    );
    balancer.signal("SIGTERM");
    const code = await within("the end of the program", balancer.exitCode(), SLACK_SECONDS * 1000);
    // 128 and the number of the signal: nobody is to take it for an end as it should be.
    assertEquals(code, 143);
  });
}
