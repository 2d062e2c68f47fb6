import { assertEquals } from "@std/assert";
import { activeRequests, serveBalancer } from "../testing/balancer.ts";
import { GatedServer } from "../testing/gated_server.ts";
import { settle } from "../testing/fake_clock.ts";
import { answering, RawServer } from "../testing/raw_server.ts";
import { until, within } from "../testing/until.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

Deno.test("ProxyHandler.fetch() reads the signal before it first waits", async () => {
  await using server = answering(OK);
  await using served = await serveBalancer([server.url]);
  for (const method of ["GET", "POST"]) {
    const request = new Request("http://a/", { method, body: method === "POST" ? "abc" : null });
    let looked = false;
    const { signal } = request;
    Object.defineProperty(request, "signal", {
      get: () => {
        looked = true;
        return signal;
      },
    });
    const response = served.balancer.fetch(request);
    assertEquals(looked, true, method);
    assertEquals(await (await response).text(), "ok");
  }
});

Deno.test("the request of a client that has disconnected meanwhile is not retried", async () => {
  const leaving = new AbortController();
  const leavesAndFails = (): RawServer =>
    new RawServer(async (connection) => {
      await connection.waitFor("\r\n\r\n");
      leaving.abort();
      connection.close();
    });
  await using first = leavesAndFails();
  await using second = leavesAndFails();
  await using served = await serveBalancer([first.url, second.url]);
  const request = new Request("http://a/", { signal: leaving.signal });
  const response = await within("the end", served.balancer.fetch(request));
  assertEquals([first.accepted + second.accepted, activeRequests(served.balancer)], [1, 0]);
  assertEquals(
    served.balancer.traffic().overall.refusals.find(([code]) => code === "client_gone"),
    [
      "client_gone",
      1,
    ],
  );
  await response.body?.cancel();
});

Deno.test("a client that leaves the queue makes room for the next one at once", async () => {
  await using server = new GatedServer();
  await using served = await serveBalancer([], {
    servers: [{ url: server.url, maxConnections: 1, healthCheckPeriod: 0 }],
    limits: { queue: 1 },
  });
  const { balancer } = served;
  const first = balancer.fetch(new Request("http://a/first"));
  await until("the first request to come", () => server.arrived.length === 1);
  const leaving = new AbortController();
  const left = balancer.fetch(new Request("http://a/left", { signal: leaving.signal }));
  assertEquals(balancer.traffic().overall.waiting, 1);
  leaving.abort();
  await settle();
  const next = balancer.fetch(new Request("http://a/next"));
  server.open();
  const answers = await Promise.all([first, left, next]);
  assertEquals(answers.map(({ status }) => status), [200, 400, 200]);
  for (const answer of answers) await answer.body?.cancel();
  assertEquals(server.arrived, ["/first", "/next"]);
});
