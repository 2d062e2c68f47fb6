import { assertEquals } from "@std/assert";
import type { LoadBalancer } from "../../mod.ts";
import { pace } from "../chaos/pace.ts";
import { activeRequests, serveBalancer } from "../testing/balancer.ts";
import { certificate } from "../testing/certificates.ts";
import { type RawConnection, RawServer } from "../testing/raw_server.ts";
import { until, within } from "../testing/until.ts";
import { Http2Connection, type Http2Over, type Http2Request } from "./http2_connection.ts";

/** How long a stream is open before it is reset, in milliseconds. */
const DELAYS = [0, 5, 50, 300] as const;

/** How soon nothing may be left of a stream, in milliseconds. It takes 0.2 s; machines are busy. */
const LIMIT_MS = 5_000;

/** The ways in which a stream comes to its end too early. */
const LEAVES = {
  "is reset": (client: Http2Connection, stream: number) => client.reset(stream),
  "the server is made to reset": (client: Http2Connection, stream: number) =>
    client.provokeReset(stream),
  "closes with its connection": (client: Http2Connection) => client.close(),
} as const;

/** Fields by which a request over HTTP/2 may look like one over HTTP/1.1 (RFC 9113 §8.2.2, §8.3.1). */
const DISGUISES = [["host", "a"], ["te", "trailers"]] as const;

/** The work in progress when a stream ends. */
interface Stage {
  readonly name: string;
  readonly request?: Http2Request;
  /** The content that is sent before. Default: none. */
  readonly data?: string;
  /** The server's handling of a request. Default: nothing. */
  readonly serves?: (connection: RawConnection) => Promise<void>;
  /** Whether another request keeps the server busy, and the stream's waits in the queue. */
  readonly queued?: boolean;
}

async function beginAnswer(connection: RawConnection): Promise<void> {
  await connection.waitFor("\r\n\r\n");
  await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\npart");
}

const STAGES: readonly Stage[] = [
  { name: "waits for its response" },
  {
    name: "sends small content",
    request: { method: "POST", contentLength: 9, end: false },
    data: "abc",
  },
  {
    name: "sends large content",
    request: { method: "POST", contentLength: 100_000, end: false },
    data: "abc",
  },
  {
    name: "sends content without a length",
    request: { method: "POST", end: false },
    data: "abc",
  },
  { name: "has sent no content yet", request: { method: "POST", end: false } },
  { name: "gets its response", serves: beginAnswer },
  { name: "waits in the queue", queued: true },
  ...DISGUISES.map((field) => ({ name: `waits, with ${field.join(": ")}`, request: { field } })),
];

/** Opens a stream, lets it come to its end after so long, and waits until nothing of it is left. */
async function depart(
  { request, data, serves, queued = false }: Stage,
  { over, delay, leave }: { over: Http2Over; delay: number; leave: keyof typeof LEAVES },
): Promise<void> {
  let open = 0;
  await using server = new RawServer(async (connection) => {
    open++;
    connection.closed.then(() => open--);
    await serves?.(connection);
  });
  await using served = await serveBalancer([], {
    servers: [{ url: server.url, healthCheckPeriod: 0, ...(queued ? { maxConnections: 1 } : {}) }],
  }, over === "tls" ? certificate("localhost") : undefined);
  const { balancer } = served;
  const held = queued ? 1 : 0;
  using busy = await Http2Connection.open(served.url, over);
  if (queued) {
    busy.request();
    await until("the first request to be active", () => activeRequests(balancer) === 1);
  }
  using client = await Http2Connection.open(served.url, over);
  const stream = client.request(request);
  if (data !== undefined) client.data(stream, data);
  // Without a delay the end comes in one piece with the beginning.
  if (delay > 0) await pace(delay);
  else if (leave === "closes with its connection") await client.flushed();
  LEAVES[leave](client, stream);
  await client.flushed();
  const active = () => activeRequests(balancer) + waiting(balancer);
  try {
    await until(
      () => `${active()} requests and ${open} connections to be ${held}`,
      () => active() === held && open === held,
      LIMIT_MS,
    );
  } catch (error) {
    // An open request would keep the balancer from closing.
    await server[Symbol.asyncDispose]();
    throw error;
  }
  assertEquals(countsAgainst(balancer), 0, "nothing counts against the server");
  busy.close();
  await within("the balancer to be idle", balancer.close());
}

function waiting(balancer: LoadBalancer): number {
  return balancer.traffic().overall.waiting;
}

function countsAgainst(balancer: LoadBalancer): number {
  const [server] = balancer.traffic().servers;
  return Object.values(server!.failures).reduce((sum, count) => sum + count);
}

for (const over of ["cleartext", "tls"] as const) {
  for (const leave of Object.keys(LEAVES) as (keyof typeof LEAVES)[]) {
    Deno.test(`a stream over ${over} that ${leave} leaves nothing behind, whenever it does`, async () => {
      const cases = STAGES.flatMap((stage) => DELAYS.map((delay) => ({ stage, delay })));
      const failures = await Promise.all(cases.map(async ({ stage, delay }) => {
        try {
          await depart(stage, { over, delay, leave });
          return [];
        } catch (error) {
          return [`${stage.name}, after ${delay} ms: ${(error as Error).message}`];
        }
      }));
      assertEquals(failures.flat(), []);
    });
  }
}

Deno.test("no stream that has a Connection field reaches a server", async () => {
  await using server = new RawServer(() => {});
  await using served = await serveBalancer([server.url]);
  using client = await Http2Connection.open(served.url);
  for (const field of [["connection", "keep-alive"], ["connection", "close"]] as const) {
    const stream = client.request({ field });
    await until("the stream to be reset", () => client.stream(stream).reset);
  }
  assertEquals([server.accepted, activeRequests(served.balancer)], [0, 0]);
});
