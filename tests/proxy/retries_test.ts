import { assertEquals } from "@std/assert";
import { activeRequests, serveBalancer, type ServedBalancer } from "../testing/balancer.ts";
import { answering, answeringAndClosing, RawServer, unusedUrl } from "../testing/raw_server.ts";
import { SampleServer } from "../testing/sample_server.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
/** Retries without ejections meanwhile. */
const NO_EJECTION = { ejection: { connectionFailures: 0 } };

async function fetchText(url: string, init?: RequestInit): Promise<[number, string]> {
  const response = await fetch(url, init);
  return [response.status, await response.text()];
}

/** The status, and the error in the `Proxy-Status` field. */
async function fetchError(url: string, init?: RequestInit): Promise<[number, string | null]> {
  const response = await fetch(url, init);
  await response.body?.cancel();
  return [response.status, response.headers.get("proxy-status")];
}

/** A server that closes each connection after a request, having sent this much of a response. */
function breaking(answer = ""): RawServer {
  return answeringAndClosing(answer);
}

/** Everything that a server has received, on all of its connections. */
function receivedBy(server: RawServer): string {
  return server.connections.map((connection) => connection.received()).join("");
}

Deno.test("a request whose connection is refused goes to the next best server", async () => {
  await using server = new SampleServer("fine");
  await using served = await serveBalancer([unusedUrl(), server.url, unusedUrl()], NO_EJECTION);
  for (let i = 1; i <= 10; i++) assertEquals(await fetchText(served.url), [200, "fine"]);
  assertEquals([server.hits, activeRequests(served.balancer)], [10, 0]);
});

Deno.test("a request gets at most so many attempts", async () => {
  await using server = new SampleServer("fine");
  for (const [tries, status] of [[1, 502], [2, 502], [3, 200]] as const) {
    const balanced = serveBalancer([], {
      ...NO_EJECTION,
      // The servers with large weights come first.
      servers: [[unusedUrl(), 1000], [unusedUrl(), 1000], [server.url, 1]].map(([url, weight]) => ({
        url: url as string,
        weight: weight as number,
        healthCheckPeriod: 0,
      })),
      retries: { tries },
    });
    await using served = await balanced;
    const response = await fetch(served.url);
    await response.body?.cancel();
    assertEquals(response.status, status, `${tries} tries`);
  }
  assertEquals(server.hits, 1);
});

/** Sends a GET through a balancer whose first server fails it in some way. */
async function getPast(failing: RawServer, timeouts = {}): Promise<ServedBalancer> {
  await using fine = answering(OK);
  const served = await serveBalancer([failing.url, fine.url], { timeouts });
  assertEquals(await fetchText(served.url), [200, "ok"]);
  assertEquals([failing.accepted, fine.accepted], [1, 1]);
  return served;
}

Deno.test("a GET is retried after a close before the first byte", async () => {
  await using failing = breaking();
  await using _ = await getPast(failing);
});

Deno.test("a GET is retried after a break in the middle of a head, and of a small response", async () => {
  const answers = [
    "HTTP/1.1 200 OK\r\nContent-Le",
    "HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n" + "x".repeat(20_000),
  ];
  for (const answer of answers) {
    await using failing = breaking(answer);
    await using _ = await getPast(failing);
  }
});

Deno.test("a GET is retried after a response timeout", async () => {
  await using failing = new RawServer(() => {});
  await using served = await getPast(failing, { response: 0.05 });
  await failing.connections[0]!.closed;
  assertEquals(activeRequests(served.balancer), 0);
});

Deno.test("PUT and DELETE with small content are retried with all of it", async () => {
  for (const method of ["PUT", "DELETE"]) {
    await using failing = breaking();
    await using fine = new RawServer(async (connection) => {
      await connection.waitFor("\r\n\r\ncontent");
      await connection.send(OK);
    });
    await using served = await serveBalancer([failing.url, fine.url]);
    assertEquals(await fetchText(served.url, { method, body: "content" }), [200, "ok"]);
  }
});

Deno.test("a response that is not valid HTTP is neither forwarded nor retried", async () => {
  await using failing = breaking("SSH-2.0-OpenSSH_9.2\r\n");
  await using fine = answering(OK);
  await using served = await serveBalancer([failing.url, fine.url]);
  assertEquals(await fetchError(served.url), [502, "ballast; error=http_protocol_error"]);
  assertEquals(fine.accepted, 0);
});

Deno.test("a POST is never sent twice once a server may have processed it", async () => {
  const cases = [
    ["", 502, {}],
    ["HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\nab", 502, {}],
    [undefined, 504, { response: 0.05 }],
  ] as const;
  for (const [answer, status, timeouts] of cases) {
    for (const body of ["content", "x".repeat(100_000), new Blob(["chunks"]).stream()]) {
      await using first = answer === undefined ? new RawServer(() => {}) : breaking(answer);
      await using second = answering(OK);
      await using served = await serveBalancer([first.url, second.url], { timeouts });
      const [given] = await fetchError(served.url, { method: "POST", body });
      assertEquals(given, status);
      assertEquals(receivedBy(first).split("POST /").length, 2);
      assertEquals([first.accepted, second.accepted], [1, 0]);
    }
  }
});

Deno.test("a POST goes to another server after a failed connect, with all of its content", async () => {
  for (const body of ["content", "x".repeat(100_000), new Blob(["chunks"]).stream()]) {
    let received = "";
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      async (request) => {
        received += await request.text();
        return new Response("ok");
      },
    );
    const url = `http://127.0.0.1:${server.addr.port}`;
    await using served = await serveBalancer([unusedUrl(), url]);
    assertEquals(await fetchText(served.url, { method: "POST", body }), [200, "ok"]);
    assertEquals(received, typeof body === "string" ? body : "chunks");
  }
});

Deno.test("several stale connections at once cause no client an error", async () => {
  const count = 8;
  let together = Promise.withResolvers<void>();
  let arrived = 0;
  // Each connection answers one request when all have arrived, and closes at the next.
  await using server = new RawServer(async (connection) => {
    await connection.waitFor("\r\n\r\n");
    if (++arrived % count === 0) together.resolve();
    await together.promise;
    await connection.send(OK);
    await connection.waitFor("\r\n\r\n", 2);
    connection.close();
  });
  await using served = await serveBalancer([server.url], { retries: { tries: 1 } });
  for (let round = 0; round < 2; round++) {
    together = Promise.withResolvers();
    const answers = await Promise.all(Array.from({ length: count }, () => fetchText(served.url)));
    for (const answer of answers) assertEquals(answer, [200, "ok"]);
  }
  assertEquals(server.accepted, 2 * count);
  assertEquals(activeRequests(served.balancer), 0);
});

Deno.test("the budget stops retries when all servers are failing, and not before", async () => {
  await using one = breaking();
  await using two = breaking();
  await using served = await serveBalancer([one.url, two.url], {
    retries: { tries: 2, budget: 0 },
  });
  for (let i = 0; i < 150; i++) {
    assertEquals(await fetchError(served.url), [502, "ballast; error=connection_terminated"]);
  }
  // A hundred retries are always allowed.
  assertEquals(one.accepted + two.accepted, 150 + 100);
});

Deno.test("redispatches after a failed connect do not count against the budget", async () => {
  await using server = new SampleServer("fine");
  await using served = await serveBalancer([unusedUrl(), server.url], {
    ...NO_EJECTION,
    retries: { budget: 0 },
  });
  for (let i = 0; i < 250; i++) assertEquals(await fetchText(served.url), [200, "fine"]);
});
