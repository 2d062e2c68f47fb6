import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { serveBalancer } from "../../testing/balancer.ts";
import { freePorts, RunningCli } from "../../testing/run_cli.ts";
import { makeTemporaryFile } from "../../testing/temporary_file.ts";
import { Collector, type ReceivedSpan } from "./collector.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const CLIENT_SPAN = "b7ad6b7169203331";
const TRACE_FIELDS = {
  traceparent: `00-${TRACE}-${CLIENT_SPAN}-01`,
  tracestate: "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7",
};

/** A server that responds with the trace fields that it received. */
function tracedServer(status = 200): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ headers }) => {
    const fields = ["traceparent", "tracestate"].map((name) => [name, headers.get(name)]);
    return Response.json(Object.fromEntries(fields), { status });
  });
}

function urlOf({ addr }: Deno.HttpServer<Deno.NetAddr>): string {
  return `http://127.0.0.1:${addr.port}`;
}

/** The program with tracing to a collector, over these servers. */
async function startTraced(
  collector: Collector,
  servers: string,
  workers = 1,
): Promise<AsyncDisposable & { readonly url: string }> {
  const [port, apiPort] = freePorts(2);
  const config = await makeTemporaryFile(`host: 127.0.0.1\nservers:\n${servers}`);
  const flags = [`--config=${config.path}`, `--port=${port}`, `--api-port=${apiPort}`];
  const program = new RunningCli(
    collector.environment,
    "listen",
    `--workers=${workers}`,
    ...flags,
  );
  await program.waitForError("Admin API on");
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose](): Promise<void> {
      await program[Symbol.asyncDispose]();
      await config[Symbol.asyncDispose]();
    },
  };
}

/** The balancer's own span in this trace. */
function ballastSpan(collector: Collector, traceId: string): Promise<ReceivedSpan> {
  return collector.waitFor((span) => span.scope === "ballast" && span.traceId === traceId);
}

for (const workers of [1, 2]) {
  Deno.test(`a client's trace continues at the server, with ${workers} thread(s)`, async () => {
    await using collector = new Collector();
    await using server = tracedServer();
    const servers = `- {url: "${urlOf(server)}", name: one, health_check_period: 0}\n`;
    await using balancer = await startTraced(collector, servers, workers);

    const response = await fetch(`${balancer.url}/path?query`, { headers: TRACE_FIELDS });
    const { traceparent, tracestate } = await response.json();
    assertMatch(traceparent, new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
    assertEquals(tracestate, TRACE_FIELDS.tracestate);

    const span = await ballastSpan(collector, TRACE);
    // The server's parent is the balancer's span, its parent the platform's, its parent the
    // client's.
    assertEquals(traceparent.split("-")[2], span.spanId);
    const platform = await collector.waitFor(({ spanId }) => spanId === span.parentSpanId);
    assertEquals([platform.scope, platform.kind], ["deno", 2]);
    assertEquals([platform.traceId, platform.parentSpanId], [TRACE, CLIENT_SPAN]);
    assertEquals([span.name, span.kind, span.status], ["GET", 3, 0]);
    assertEquals(span.attributes, {
      "http.request.method": "GET",
      "http.response.status_code": 200,
      "server.address": "127.0.0.1",
      "server.port": server.addr.port,
      "url.full": `${urlOf(server)}/path?query`,
      "ballast.server.name": "one",
      "ballast.attempts": 1,
    });
  });
}

Deno.test("a span reports retries, errors and unknown methods", async () => {
  await using collector = new Collector();
  await using server = tracedServer(404);
  const [dead] = freePorts(1);
  const servers = `- {url: "http://127.0.0.1:${dead}", weight: 1000, health_check_period: 0}\n` +
    `- {url: "${urlOf(server)}", health_check_period: 0}\n`;
  await using balancer = await startTraced(collector, servers);

  const retried = await fetch(balancer.url, { headers: TRACE_FIELDS });
  assertEquals(retried.status, 404);
  await retried.body?.cancel();
  const first = await ballastSpan(collector, TRACE);
  assertEquals(first.attributes["ballast.attempts"], 2);
  assertEquals(first.attributes["http.request.resend_count"], 1);
  assertEquals(first.attributes["server.port"], server.addr.port);
  assertEquals([first.attributes["error.type"], first.status], ["404", 2]);

  const other = TRACE.replaceAll("0", "1");
  const unknown = await fetch(balancer.url, {
    method: "FOO",
    headers: { traceparent: `00-${other}-${CLIENT_SPAN}-01` },
  });
  await unknown.body?.cancel();
  const second = await ballastSpan(collector, other);
  assertEquals(second.name, "HTTP");
  assertEquals(second.attributes["http.request.method"], "_OTHER");
  assertEquals(second.attributes["http.request.method_original"], "FOO");
});

Deno.test("a span reports a request that no server answered", async () => {
  await using collector = new Collector();
  const [dead] = freePorts(1);
  const servers = `- {url: "http://[::1]:${dead}", health_check_period: 0}\n`;
  await using balancer = await startTraced(collector, servers);
  const response = await fetch(balancer.url, { headers: TRACE_FIELDS });
  assertEquals(response.status, 502);
  await response.body?.cancel();
  const { attributes, status } = await ballastSpan(collector, TRACE);
  assertEquals([attributes["error.type"], status], ["connect_failed", 2]);
  assertEquals(attributes["server.address"], "::1");
  assertEquals("http.response.status_code" in attributes, false);
});

Deno.test("a trace begins here if the client's cannot be continued", async () => {
  await using collector = new Collector();
  await using server = tracedServer();
  const servers = `- {url: "${urlOf(server)}", health_check_period: 0}\n`;
  await using balancer = await startTraced(collector, servers);
  for (const traceparent of [`00-${TRACE}-0000000000000000-01`, "x", ""]) {
    const headers = traceparent === "" ? {} : { ...TRACE_FIELDS, traceparent };
    const received = await (await fetch(balancer.url, { headers })).json();
    const [, traceId, spanId] = received.traceparent.split("-");
    assertNotEquals(traceId, TRACE);
    assertEquals(received.tracestate, null);
    assertEquals((await ballastSpan(collector, traceId)).spanId, spanId);
  }
});

Deno.test("without OpenTelemetry, a client's trace is forwarded unchanged", async () => {
  assert(!(Symbol.for("opentelemetry.js.api.1") in globalThis), "the test itself is not traced");
  await using server = tracedServer();
  await using balancer = await serveBalancer([urlOf(server)]);
  const headers = { traceparent: "anything", tracestate: "at all" };
  assertEquals(await (await fetch(balancer.url, { headers })).json(), headers);
});
