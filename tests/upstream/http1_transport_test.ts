import { assert, assertEquals } from "@std/assert";
import { FakeClock } from "../testing/fake_clock.ts";
import { makeRequest, makeTransport, streamOf, textOf } from "../testing/http1_client.ts";
import { answering, answeringAndClosing, RawServer } from "../testing/raw_server.ts";
import { codeOf } from "./contract.ts";
import { until } from "../testing/until.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

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
  await until("the end of the request", async () => {
    await clock.advance(2200);
    return code !== undefined;
  });
  assertEquals(await promise, "response_timeout");
});
