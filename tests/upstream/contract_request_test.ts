import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { UpstreamRequest } from "../../src/http1/message.ts";
import { FakeClock, settle } from "../testing/fake_clock.ts";
import { makeRequest, streamOf, textOf } from "../testing/http1_client.ts";
import { answering, RawServer } from "../testing/raw_server.ts";
import { codeOf, contractTest } from "./contract.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** A POST whose content a test sends piece by piece. */
function makeUpload(): {
  request: UpstreamRequest;
  content: ReadableStreamDefaultController<Uint8Array>;
} {
  let content!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => void (content = controller),
  });
  return { request: makeRequest({ method: "POST", body, replayable: false }), content };
}

contractTest("send() writes the target and the fields as they are given", async (kind) => {
  await using server = answering(OK);
  await using transport = kind.make();
  const headers = [
    ["host", "example.com"],
    ["user-agent", "test"],
    ["accept", "a/b"],
    ["accept-language", "de"],
    ["accept-encoding", "identity"],
    ["cookie", "a=1; b=2"],
    ["origin", "http://o"],
    ["x-latin", "\xe9"],
  ] as const;
  const target = "/a/b%2f//c%7B?x=%zz&y=a+b";
  const response = await transport.send(`${server.url}/base`, makeRequest({ target, headers }));
  assertEquals([response.status, await textOf(response)], [200, "ok"]);
  const received = server.connections[0]!.received();
  assertMatch(received, /^GET \/base\/a\/b%2f\/\/c%7B\?x=%zz&y=a\+b HTTP\/1\.1\r\n/);
  for (const [name, value] of headers) {
    if (name === "host" && !kind.writesRequestsAsGiven) continue;
    assertStringIncludes(received, `\r\n${name}: ${value}\r\n`);
  }
  const host = kind.writesRequestsAsGiven ? "example.com" : new URL(server.url).host;
  assertStringIncludes(received, `\r\nhost: ${host}\r\n`);
});

contractTest("send() takes a backslash and dots for what they are", async (kind) => {
  await using server = answering(OK);
  await using transport = kind.make();
  const target = "/a\\..\\b/.c/d..?x=/../";
  await textOf(await transport.send(server.url, makeRequest({ target })));
  const path = kind.writesRequestsAsGiven ? "/a\\..\\b/.c/d..?x=/../" : "/a%5C..%5Cb/.c/d..?x=/../";
  assertStringIncludes(server.connections[0]!.received(), `GET ${path} `);
});

contractTest(
  "send() asks for content without a coding where it could not be kept",
  async (kind) => {
    await using server = answering(OK);
    await using transport = kind.make();
    const headers = [["host", "a"], ["accept-encoding", "br"]] as const;
    await textOf(await transport.send(server.url, makeRequest({ headers })));
    const coding = kind.keepsCodings ? "br" : "identity";
    const received = server.connections[0]!.received();
    assertEquals(received.match(/accept-encoding: .*/g), [`accept-encoding: ${coding}`]);
  },
);

contractTest("send() writes any method as it is", async (kind) => {
  await using server = answering(OK);
  await using transport = kind.make();
  for (const method of ["GET", "OPTIONS", "DELETE", "PROPFIND", "M-SEARCH", "Own"]) {
    await textOf(await transport.send(server.url, makeRequest({ method })));
  }
  const requests = server.connections.map((connection) => connection.received()).join("");
  const methods = requests.match(/^[A-Za-z-]+(?= \/ HTTP)/gm);
  assertEquals(methods, ["GET", "OPTIONS", "DELETE", "PROPFIND", "M-SEARCH", "Own"]);
});

contractTest(
  "send() says how long content is that is there, and that there is none",
  async (kind) => {
    await using server = new RawServer(async (connection) => {
      await connection.waitFor("\r\n\r\nabc");
      await connection.send(OK);
      await connection.waitFor("PATCH");
      await connection.waitFor("\r\n\r\n", 2);
      await connection.send(OK);
    });
    await using transport = kind.make();
    const post = { method: "POST", replayable: false };
    const body = new TextEncoder().encode("abc");
    await textOf(
      await transport.send(server.url, makeRequest({ ...post, body, contentLength: 3 })),
    );
    const empty = makeRequest({ ...post, method: "PATCH", contentLength: 0 });
    await textOf(await transport.send(server.url, empty));
    const received = server.connections.map((connection) => connection.received()).join("");
    assertMatch(received, /^POST [^]*content-length: 3\r\n[^]*abcPATCH [^]*content-length: 0\r\n/);
    assertEquals(received.includes("transfer-encoding"), false);
  },
);

contractTest("send() streams content of a known length, and in chunks", async (kind) => {
  const post = { method: "POST", replayable: false };
  const chunked =
    /transfer-encoding: chunked\r\n(?:[^]*\r\n)?\r\n(?:3\r\nabc\r\n3\r\ndef|6\r\nabcdef)\r\n0\r\n\r\n$/;
  const counted = kind.keepsContentLength
    ? /content-length: 6\r\n(?:[^]*\r\n)?\r\nabcdef$/
    : chunked;
  for (const [contentLength, pattern] of [[6, counted], [undefined, chunked]] as const) {
    await using server = new RawServer(async (connection) => {
      await connection.waitFor(pattern === counted && counted !== chunked ? "def" : "0\r\n\r\n");
      await connection.send(OK);
    });
    await using transport = kind.make();
    const request = makeRequest({ ...post, body: streamOf("abc", "", "def"), contentLength });
    await textOf(await transport.send(server.url, request));
    assertMatch(server.connections[0]!.received(), pattern);
  }
});

contractTest("send() breaks off a request whose content is not as announced", async (kind) => {
  for (const body of [streamOf("abc"), streamOf("abcdefgh")]) {
    await using server = new RawServer(() => {});
    await using transport = kind.make();
    const request = makeRequest({ method: "POST", body, contentLength: 6, replayable: false });
    assertEquals(await codeOf(transport.send(server.url, request)), "client_gone");
    for (const connection of server.connections) {
      await connection.closed;
      // No server takes it for a whole request.
      assertEquals(connection.received().includes("abcdefgh"), false);
      assertEquals(connection.received().endsWith("0\r\n\r\n"), false);
    }
  }
});

contractTest("send() returns an answer that comes before the content is read", async (kind) => {
  await using server = new RawServer(async (connection) => {
    await connection.waitFor("\r\n\r\n");
    await connection.send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
  });
  await using transport = kind.make();
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) });
  const request = makeRequest({ method: "POST", body, contentLength: 6, replayable: false });
  const response = await transport.send(server.url, request);
  assertEquals(response.status, 413);
  await server.connections[0]!.closed;
  assertEquals(cancelled, true);
});

contractTest("send() takes no more content from the client than the server reads", async (kind) => {
  await using server = new RawServer(() => {});
  await using transport = kind.make();
  let pulled = 0;
  const gate = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      if (++pulled > 1) await gate.promise;
      controller.enqueue(new Uint8Array(10));
    },
  }, { highWaterMark: 0 });
  const failed = codeOf(
    transport.send(
      server.url,
      makeRequest({ method: "POST", body, contentLength: 15, replayable: false }),
    ),
  );
  await (await server.connection(1)).waitFor("\0");
  assert(pulled <= 2);
  gate.resolve();
  assertEquals(await failed, "client_gone");
});

contractTest("send() blames the client that stands still in its upload", async (kind) => {
  await using server = new RawServer(() => {});
  const clock = new FakeClock();
  await using transport = kind.make({ clock, contentTimeout: 2000, responseTimeout: 50_000 });
  const { request, content } = makeUpload();
  const failed = codeOf(transport.send(server.url, request));
  content.enqueue(new Uint8Array(3));
  await (await server.connection(1)).waitFor("3\r\n");
  await settle();
  await clock.advance(2200);
  assertEquals(await failed, "request_timeout");
  await server.connections[0]!.closed;
});

contractTest("send() blames the server that is silent once it has everything", async (kind) => {
  await using server = new RawServer(() => {});
  const clock = new FakeClock();
  const timeouts = { contentTimeout: 1e9, connectTimeout: 1000, responseTimeout: 2000 };
  await using transport = kind.make({ clock, ...timeouts });
  const { request, content } = makeUpload();
  const failed = codeOf(transport.send(server.url, request));
  content.close();
  await (await server.connection(1)).waitFor("0\r\n\r\n");
  await settle();
  await clock.advance(kind.timesConnections ? 2200 : 3200);
  assertEquals(await failed, "response_timeout");
});

contractTest("send() sends a POST once, whatever becomes of a used connection", async (kind) => {
  await using server = new RawServer(async (connection) => {
    await connection.waitFor("\r\n\r\n");
    await connection.send(OK);
    await connection.waitFor("abc");
    connection.close();
  });
  await using transport = kind.make();
  await textOf(await transport.send(server.url, makeRequest()));
  const body = new TextEncoder().encode("abc");
  const post = makeRequest({ method: "POST", body, contentLength: 3, replayable: false });
  // Sent a second time, it is answered as the first request of another connection.
  const sent = transport.send(server.url, post).then(textOf);
  if (kind.sendsTwice) return assertEquals([await sent, server.accepted], ["ok", 2]);
  assertEquals([await codeOf(sent), server.accepted], ["closed_early", 1]);
});

contractTest("upgrade() opens a WebSocket, or says that it cannot", async (kind) => {
  await using server = answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  await using transport = kind.make();
  const asked = transport.upgrade(server.url, makeRequest());
  if (!kind.opensWebSockets) return assertEquals(await codeOf(asked), "unsupported");
  const answer = await asked;
  assert("status" in answer);
  assertEquals(answer.status, 403);
});
