import { assertEquals, assertRejects } from "@std/assert";
import { BalancerError } from "../../src/model/errors.ts";
import { FakeClock, settle } from "../testing/fake_clock.ts";
import { makeRequest, makeTransport, textOf } from "../testing/http1_client.ts";
import { answering, answeringAndClosing, RawServer } from "../testing/raw_server.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => promise, BalancerError)).code;
}

/** Answers the first request of a connection, and closes it when the second one arrives. */
function closingOnSecondRequest(): RawServer {
  return new RawServer(async (connection) => {
    await connection.waitFor("/1 HTTP/1.1\r\n\r\n");
    await connection.send(OK);
    await connection.waitFor("/2 HTTP/1.1");
    if (connection.received().startsWith("GET /1")) return connection.close();
    await connection.send(OK);
  });
}

Deno.test("Http1Transport.send() uses a connection again, and the one used last first", async () => {
  await using server = new RawServer(async (connection) => {
    for (let requests = 1;; requests++) {
      await connection.waitFor(`GET /${requests} HTTP/1.1\r\n\r\n`);
      await connection.send(OK);
    }
  });
  await using transport = makeTransport();
  for (const target of ["/1", "/2", "/3"]) {
    await textOf(await transport.send(server.url, makeRequest({ target, headers: [] })));
  }
  assertEquals(server.accepted, 1);
});

Deno.test("Http1Transport.send() never uses a connection again that it cannot trust", async () => {
  const cases = [
    // Surplus bytes would be read as the response to the next request.
    `${OK}HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstolen`.slice(0, -1),
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nX",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
    "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
  ];
  for (const answer of cases) {
    await using server = answering(answer);
    await using transport = makeTransport();
    for (let i = 0; i < 2; i++) {
      assertEquals(await textOf(await transport.send(server.url, makeRequest())), "ok");
      await server.connections[i]!.closed;
    }
    assertEquals(server.accepted, 2, answer);
  }
});

Deno.test("response_queue_poisoning: bytes on an idle connection close it", async () => {
  await using server = new RawServer(async (connection, number) => {
    await connection.waitFor("\r\n\r\n");
    await connection.send(OK);
    if (number > 1) return;
    await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen");
  });
  await using transport = makeTransport();
  await textOf(await transport.send(server.url, makeRequest()));
  await server.connections[0]!.closed;
  assertEquals(await textOf(await transport.send(server.url, makeRequest())), "ok");
  assertEquals(server.accepted, 2);
});

Deno.test("Http1Transport.send() notices that an idle connection was closed", async () => {
  await using server = answeringAndClosing(OK);
  await using transport = makeTransport();
  for (let i = 0; i < 5; i++) {
    // POST is not sent twice, so each of these would fail on a connection that is gone.
    const request = makeRequest({ method: "POST", contentLength: 0, replayable: false });
    await textOf(await transport.send(server.url, request));
    await server.connections[i]!.closed;
    await settle();
  }
  assertEquals(server.accepted, 5);
});

Deno.test("Http1Transport.send() replaces a stale connection where that is safe", async () => {
  await using server = new RawServer(async (connection, number) => {
    await connection.waitFor("\r\n\r\n");
    await connection.send(OK);
    if (number === 1) {
      await connection.waitFor("/2 HTTP/1.1");
      connection.close();
    }
  });
  await using transport = makeTransport();
  await textOf(await transport.send(server.url, makeRequest({ target: "/1" })));
  const response = await transport.send(server.url, makeRequest({ target: "/2" }));
  assertEquals(await textOf(response), "ok");
  assertEquals(server.accepted, 2);
});

Deno.test("Http1Transport.send() does not send twice what may have been done", async () => {
  await using server = closingOnSecondRequest();
  await using transport = makeTransport();
  const headers: [] = [];
  await textOf(await transport.send(server.url, makeRequest({ target: "/1", headers })));
  const post = makeRequest({ method: "POST", target: "/2", contentLength: 0, replayable: false });
  assertEquals(await codeOf(transport.send(server.url, post)), "closed_early");
  assertEquals(server.accepted, 1);
});

Deno.test("Http1Transport closes idle connections after the keep-alive timeout", async () => {
  await using server = answering(OK);
  const clock = new FakeClock();
  await using transport = makeTransport({ clock, keepAliveTimeout: 1000 });
  await textOf(await transport.send(server.url, makeRequest()));
  await clock.advance(2000);
  await server.connections[0]!.closed;
  assertEquals(clock.timers, 0);
});

Deno.test("Http1Transport.forget() closes the idle connections to one server", async () => {
  await using server = answering(OK);
  await using transport = makeTransport();
  await textOf(await transport.send(server.url, makeRequest()));
  transport.forget(server.url);
  await server.connections[0]!.closed;
});
