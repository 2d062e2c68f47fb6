import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Cancellation } from "../../src/core/cancellation.ts";
import { BalancerError } from "../../src/core/errors.ts";
import { FakeClock, settle } from "../testing/fake_clock.ts";
import { makeRequest, makeTransport, streamOf, textOf } from "../testing/http1_client.ts";
import { answering, answeringAndClosing, RawServer, unusedUrl } from "../testing/raw_server.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => promise, BalancerError)).code;
}

Deno.test("Http1Transport.send() writes the request as it is given", async () => {
  await using server = answering(OK);
  await using transport = makeTransport();
  const headers = [["host", "example.com"], ["x-latin", "\xe9"]] as const;
  const response = await transport.send(
    `${server.url}/base`,
    makeRequest({ target: "/a/../b%2f?x=1", headers }),
  );
  assertEquals([response.status, await textOf(response)], [200, "ok"]);
  assertEquals(
    server.connections[0]!.received(),
    "GET /base/a/../b%2f?x=1 HTTP/1.1\r\nhost: example.com\r\nx-latin: \xe9\r\n\r\n",
  );
});

Deno.test("Http1Transport.send() streams content of a known length, and in chunks", async () => {
  await using server = new RawServer(async (connection, number) => {
    await connection.waitFor(number === 1 ? "abcdef" : "0\r\n\r\n");
    await connection.send(OK);
  });
  await using transport = makeTransport();
  const post = { method: "POST", headers: [], replayable: false };
  const options = { freshConnection: true };
  await transport.send(
    server.url,
    makeRequest({ ...post, body: streamOf("abc", "", "def"), contentLength: 6 }),
    options,
  );
  await transport.send(
    server.url,
    makeRequest({ ...post, body: streamOf("abc", "", "def") }),
    options,
  );
  assertEquals(server.connections.map((connection) => connection.received()), [
    "POST / HTTP/1.1\r\ncontent-length: 6\r\nconnection: close\r\n\r\nabcdef",
    "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n" +
    "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n",
  ]);
});

Deno.test("Http1Transport.send() breaks off a request whose content is not as announced", async () => {
  await using server = new RawServer(() => {});
  await using transport = makeTransport();
  for (const body of [streamOf("abc"), streamOf("abcdefgh")]) {
    const request = makeRequest({ method: "POST", body, contentLength: 6, replayable: false });
    assertEquals(await codeOf(transport.send(server.url, request)), "client_gone");
  }
  for (const connection of server.connections) await connection.closed;
  // Not one byte more than was announced has reached the server.
  assertEquals(server.connections[1]!.received().endsWith("\r\n\r\n"), true);
});

Deno.test("Http1Transport.send() returns an answer that comes before the content is read", async () => {
  await using server = new RawServer(async (connection) => {
    await connection.waitFor("\r\n\r\n");
    await connection.send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
  });
  await using transport = makeTransport();
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) });
  const request = makeRequest({ method: "POST", body, contentLength: 6, replayable: false });
  const response = await transport.send(server.url, request);
  assertEquals(response.status, 413);
  await server.connections[0]!.closed;
  assertEquals(cancelled, true);
});

Deno.test("Http1Transport.send() reads content however it is framed", async () => {
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const cases: Record<string, string> = {
    [OK]: "ok",
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n": "",
    [`${chunked}2\r\nok\r\n0\r\n\r\n`]: "ok",
    [`${chunked}1;x=y\r\no\r\n1 \r\nk\r\n0\r\nTrailer: a\r\nB: c\r\n\r\n`]: "ok",
    [`${chunked}0\r\n\r\n`]: "",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok":
      "ok",
  };
  for (const [response, content] of Object.entries(cases)) {
    // Once in one piece, and once byte by byte.
    for (const pieces of [[response], [...response]]) {
      await using server = new RawServer(async (connection) => {
        await connection.waitFor("\r\n\r\n");
        for (const piece of pieces) await connection.send(piece);
      });
      await using transport = makeTransport();
      assertEquals(await textOf(await transport.send(server.url, makeRequest())), content);
    }
  }
});

Deno.test("Http1Transport.send() reads until the close where there is no framing", async () => {
  await using server = answeringAndClosing("HTTP/1.1 200 OK\r\n\r\nall of it");
  await using transport = makeTransport();
  assertEquals(await textOf(await transport.send(server.url, makeRequest())), "all of it");
});

Deno.test("Http1Transport.send() takes no content for HEAD, 204 and 304", async () => {
  const cases = [
    ["HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"],
    ["GET", "HTTP/1.1 204 No Content\r\n\r\n"],
    ["GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"],
  ] as const;
  for (const [method, head] of cases) {
    await using server = answering(head);
    await using transport = makeTransport();
    const response = await transport.send(server.url, makeRequest({ method }));
    assertEquals(response.body, null);
  }
});

Deno.test("Http1Transport.send() says what kind of failure it was", async () => {
  const cases = [
    ["", "closed_early"],
    ["HTTP/1.1 20", "incomplete"],
    // The response has begun, so nobody may try again as if nothing had happened.
    ["HTTP/1.1 103 Early Hints\r\n\r\n", "incomplete"],
    ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", "incomplete"],
    ["HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "bad_response"],
    ["HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", "bad_response"],
    ["HTTP/1.1 100 Continue\r\n\r\n".repeat(200), "bad_response"],
    [`HTTP/1.1 200 OK\r\na: ${"b".repeat(70_000)}`, "bad_response"],
    ["SSH-2.0-OpenSSH_9.2\r\n", "bad_response"],
  ] as const;
  for (const [answer, code] of cases) {
    await using server = answeringAndClosing(answer);
    await using transport = makeTransport();
    assertEquals(await codeOf(transport.send(server.url, makeRequest())), code, answer);
  }
  await using transport = makeTransport();
  assertEquals(await codeOf(transport.send(unusedUrl(), makeRequest())), "connect_failed");
});

Deno.test("Http1Transport.send() ends the content with an error where it breaks off", async () => {
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const cases = [
    ["HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nabc", "incomplete"],
    [`${chunked}5\r\nabc`, "incomplete"],
    [`${chunked}3\r\nabc\r\n`, "incomplete"],
    [`${chunked}3\r\nabc\r\n0\r\n`, "incomplete"],
    [`${chunked}3\r\nabcd\r\n0\r\n\r\n`, "bad_response"],
    [`${chunked}3\r\nabc\n0\r\n\r\n`, "bad_response"],
    [`${chunked}3\nabc\r\n0\r\n\r\n`, "bad_response"],
    [`${chunked}-3\r\nabc\r\n0\r\n\r\n`, "bad_response"],
    [`${chunked}0x3\r\nabc\r\n0\r\n\r\n`, "bad_response"],
    [`${chunked}\r\nabc\r\n0\r\n\r\n`, "bad_response"],
    [`${chunked} 3\r\nabc\r\n0\r\n\r\n`, "bad_response"],
    [`${chunked}ffffffffffffffffff\r\nabc`, "bad_response"],
    [`${chunked}3;${"x".repeat(9000)}\r\nabc\r\n0\r\n\r\n`, "bad_response"],
    [`${chunked}0\r\n${"a: b\r\n".repeat(200)}\r\n`, "bad_response"],
  ] as const;
  for (const [answer, code] of cases) {
    await using server = answeringAndClosing(answer);
    await using transport = makeTransport();
    const response = await transport.send(server.url, makeRequest());
    assertEquals(await codeOf(textOf(response)), code, answer.slice(0, 80));
  }
});

Deno.test("Http1Transport.send() waits for all of small content, and fails where it breaks off", async () => {
  const head = "HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n";
  await using server = new RawServer(async (connection, number) => {
    await connection.waitFor("\r\n\r\n");
    await connection.send(head + "a".repeat(20_000));
    if (number === 2) await connection.send("b".repeat(20_000));
    connection.close();
  });
  await using transport = makeTransport();
  assertEquals(await codeOf(transport.send(server.url, makeRequest())), "incomplete");
  const response = await transport.send(server.url, makeRequest());
  assert(response.body instanceof Uint8Array);
  assertEquals(await textOf(response), "a".repeat(20_000) + "b".repeat(20_000));
});

Deno.test("Http1Transport.send() gives up when small content stands still", async () => {
  await using server = answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab");
  const clock = new FakeClock();
  const others = { connectTimeout: 1e9, responseTimeout: 1e9 };
  await using transport = makeTransport({ clock, contentTimeout: 2000, ...others });
  let code: string | undefined;
  const promise = codeOf(transport.send(server.url, makeRequest())).then((found) => code = found);
  // Nobody tells when the head has arrived, from where on the content is waited for.
  while (code === undefined) {
    await clock.advance(2200);
    await Deno.stat(".");
  }
  assertEquals(await promise, "response_timeout");
});

Deno.test("Http1Transport.send() gives up after the response timeout", async () => {
  await using server = new RawServer(() => {});
  const clock = new FakeClock();
  await using transport = makeTransport({ clock, responseTimeout: 2000 });
  const promise = codeOf(transport.send(server.url, makeRequest()));
  await (await server.connection(1)).waitFor("\r\n\r\n");
  await clock.advance(2200);
  assertEquals(await promise, "response_timeout");
  await server.connections[0]!.closed;
});

Deno.test("Http1Transport.send() gives up when content stands still", async () => {
  await using server = answering("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nab");
  const clock = new FakeClock();
  await using transport = makeTransport({ clock, contentTimeout: 2000 });
  const response = await transport.send(server.url, makeRequest());
  const promise = codeOf(textOf(response));
  await settle();
  await clock.advance(2200);
  assertEquals(await promise, "response_timeout");
});

Deno.test("Http1Transport.send() takes its own timeout for no end of content until the close", async () => {
  await using server = answering("HTTP/1.1 200 OK\r\n\r\nab");
  const clock = new FakeClock();
  await using transport = makeTransport({ clock, contentTimeout: 2000 });
  const promise = codeOf(textOf(await transport.send(server.url, makeRequest())));
  await settle();
  await clock.advance(2200);
  assertEquals(await promise, "response_timeout");
});

Deno.test("Http1Transport.send() stops when it is called off, and closes the connection", async () => {
  await using server = new RawServer(() => {});
  await using transport = makeTransport();
  const cancellation = new Cancellation();
  const promise = codeOf(transport.send(server.url, makeRequest(), { cancellation }));
  await (await server.connection(1)).waitFor("\r\n\r\n");
  cancellation.cancel(new BalancerError("client_gone", "test"));
  assertEquals(await promise, "client_gone");
  await server.connections[0]!.closed;
  const late = transport.send(server.url, makeRequest(), { cancellation });
  assertEquals(await codeOf(late), "client_gone");
});

Deno.test("UpstreamResponse.discard() closes the connection in the middle of the content", async () => {
  await using server = answering("HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\nab");
  await using transport = makeTransport();
  const response = await transport.send(server.url, makeRequest());
  response.discard();
  response.discard();
  await server.connections[0]!.closed;
});

Deno.test("Http1Transport refuses to send once it is disposed of", async () => {
  const transport = makeTransport();
  await transport[Symbol.asyncDispose]();
  const error = await assertRejects(
    () => transport.send("http://127.0.0.1:1", makeRequest()),
    BalancerError,
  );
  assertEquals(error.code, "closed");
  assertMatch(error.message, /closed/);
});
