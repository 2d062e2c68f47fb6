import { assert, assertEquals } from "@std/assert";
import { makeRequest, textOf } from "../testing/http1_client.ts";
import { answering, answeringAndClosing, RawServer } from "../testing/raw_server.ts";
import { contractTest } from "./contract.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

contractTest("send() reads content however it is framed", async (kind) => {
  const cases: Record<string, string> = {
    [OK]: "ok",
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n": "",
    [`${CHUNKED}2\r\nok\r\n0\r\n\r\n`]: "ok",
    [`${CHUNKED}1;x=y\r\no\r\n1 \r\nk\r\n0\r\nTrailer: a\r\nB: c\r\n\r\n`]: "ok",
    [`${CHUNKED}0\r\n\r\n`]: "",
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
      await using transport = kind.make();
      assertEquals(await textOf(await transport.send(server.url, makeRequest())), content);
    }
  }
});

contractTest("send() reads until the close where there is no framing", async (kind) => {
  await using server = answeringAndClosing("HTTP/1.1 200 OK\r\n\r\nall of it");
  await using transport = kind.make();
  assertEquals(await textOf(await transport.send(server.url, makeRequest())), "all of it");
});

contractTest("send() takes no content for HEAD, 204 and 304", async (kind) => {
  const cases = [
    ["HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 5],
    ["GET", "HTTP/1.1 204 No Content\r\n\r\n", undefined],
    ["GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 5],
  ] as const;
  for (const [method, head, length] of cases) {
    await using server = answering(head);
    await using transport = kind.make();
    const response = await transport.send(server.url, makeRequest({ method }));
    assertEquals([response.body, response.contentLength], [null, length]);
  }
});

contractTest("send() passes on every field that is not about the connection", async (kind) => {
  await using server = answering(
    "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nWWW-Authenticate: Basic realm=a\r\n" +
      "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Latin: \xe9\r\nConnection: close, X-Hop\r\n" +
      "X-Hop: 1\r\nKeep-Alive: timeout=5\r\nUpgrade: h2c\r\nTrailer: a\r\n" +
      "Proxy-Authenticate: Basic\r\n\r\nno",
  );
  await using transport = kind.make();
  const { status, headers, contentLength } = await transport.send(server.url, makeRequest());
  assertEquals([status, contentLength], [401, 2]);
  assertEquals(headers.toSorted(), [
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
    ["www-authenticate", "Basic realm=a"],
    ["x-latin", "\xe9"],
  ]);
});

contractTest("send() leaves redirects to the client", async (kind) => {
  await using server = answering(
    "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 3\r\n\r\nred",
  );
  await using transport = kind.make();
  const response = await transport.send(server.url, makeRequest());
  assertEquals([response.status, response.headers], [302, [["location", "/elsewhere"]]]);
  assertEquals([await textOf(response), server.accepted], ["red", 1]);
});

contractTest("send() leaves encoded content as it is, asked for or not", async (kind) => {
  const encoded = "\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\xcf\x06\0\x47\xdd\xdc\x79\x02\0\0\0";
  await using server = answering(
    `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nETag: "a"\r\n` +
      `Content-Length: ${encoded.length}\r\n\r\n${encoded}`,
  );
  await using transport = kind.make();
  for (const headers of [[], [["accept-encoding", "gzip, br"]]] as [string, string][][]) {
    const request = makeRequest({ headers: [["host", "a"], ...headers] });
    const response = await transport.send(server.url, request);
    assert(response.body instanceof Uint8Array);
    assertEquals([...response.body].map((byte) => String.fromCharCode(byte)).join(""), encoded);
    assertEquals(response.headers.toSorted(), [["content-encoding", "gzip"], ["etag", '"a"']]);
    response.discard();
  }
});

contractTest("send() waits for all of small content, and streams large content", async (kind) => {
  await using server = new RawServer(async (connection) => {
    await connection.waitFor("small");
    await connection.send(`HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n${"a".repeat(20_000)}`);
    await connection.send("b".repeat(20_000));
    await connection.waitFor("large");
    await connection.send(`HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n${"c".repeat(35_000)}`);
    await connection.waitFor("never");
  });
  await using transport = kind.make();
  const small = await transport.send(server.url, makeRequest({ target: "/small" }));
  assert(small.body instanceof Uint8Array);
  assertEquals(await textOf(small), "a".repeat(20_000) + "b".repeat(20_000));
  const large = await transport.send(server.url, makeRequest({ target: "/large" }));
  assert(large.body instanceof ReadableStream);
  let received = 0;
  const reader = large.body.getReader();
  while (received < 35_000) received += (await reader.read()).value!.length;
  await reader.cancel();
  await server.connections[0]!.closed;
});

contractTest("send() notes how much was sent and received", async (kind) => {
  await using server = answering(OK);
  await using transport = kind.make();
  const record = {
    connection: "none" as const,
    connectTime: 0,
    bytesSent: 0,
    bytesReceived: 0,
    failure: undefined,
  };
  const request = makeRequest({
    method: "PUT",
    body: new TextEncoder().encode("abc"),
    contentLength: 3,
  });
  await textOf(await transport.send(server.url, request, { record }));
  assertEquals([record.bytesSent, record.bytesReceived], [3, 2]);
});

contractTest(
  "UpstreamResponse.discard() closes the connection in the middle of the content",
  async (kind) => {
    await using server = answering("HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\nab");
    await using transport = kind.make();
    const response = await transport.send(server.url, makeRequest());
    response.discard();
    response.discard();
    await server.connections[0]!.closed;
  },
);
