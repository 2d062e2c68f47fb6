import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Cancellation } from "../../src/runtime/cancellation.ts";
import { BalancerError } from "../../src/model/errors.ts";
import { FakeClock, settle } from "../testing/fake_clock.ts";
import { makeRequest, textOf } from "../testing/http1_client.ts";
import { answering, answeringAndClosing, RawServer, unusedUrl } from "../testing/raw_server.ts";
import { codeOf, contractTest } from "./contract.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

contractTest("send() says what kind of failure it was", async (kind) => {
  const half = kind.tellsHalfAHead ? "incomplete" : "closed_early";
  const cases = [
    ["", "closed_early"],
    ["HTTP/1.1 20", half],
    // The response has begun, so nobody may try again as if nothing had happened.
    ["HTTP/1.1 103 Early Hints\r\n\r\n", half],
    ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", half],
    ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no", "incomplete"],
    ["HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", "bad_response"],
    ["HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n", "bad_response"],
    ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc", "bad_response"],
    [
      `${CHUNKED.replace("\r\n\r\n", "\r\nContent-Length: 7\r\n\r\n")}2\r\nok\r\n0\r\n\r\n`,
      "bad_response",
    ],
    ["HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n", "bad_response"],
    ["SSH-2.0-OpenSSH_9.2\r\n", "bad_response"],
  ] as const;
  for (const [answer, code] of cases) {
    await using server = answeringAndClosing(answer);
    await using transport = kind.make();
    assertEquals(await codeOf(transport.send(server.url, makeRequest())), code, answer);
  }
  await using transport = kind.make();
  assertEquals(await codeOf(transport.send(unusedUrl(), makeRequest())), "connect_failed");
});

contractTest("send() refuses what could be read in two ways, if it can", async (kind) => {
  const cases = [
    "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    "HTTP/1.1 100 Continue\r\n\r\n".repeat(200) + OK,
    `HTTP/1.1 200 OK\r\na: ${"b".repeat(70_000)}\r\n\r\n`,
  ];
  for (const answer of cases) {
    await using server = answeringAndClosing(answer);
    await using transport = kind.make();
    const sent = transport.send(server.url, makeRequest());
    if (kind.strict) assertEquals(await codeOf(sent), "bad_response", answer.slice(0, 40));
    else assertEquals((await sent).status, 200);
  }
});

contractTest("send() ends the content with an error where it breaks off", async (kind) => {
  const cases = [
    ["HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nabc", "incomplete"],
    [`${CHUNKED}5\r\nabc`, "incomplete"],
    [`${CHUNKED}3\r\nabc\r\n`, "incomplete"],
  ] as const;
  for (const [answer, code] of cases) {
    await using server = answeringAndClosing(answer);
    await using transport = kind.make();
    const response = await transport.send(server.url, makeRequest());
    assertEquals(await codeOf(textOf(response)), code, answer.slice(0, 80));
  }
});

contractTest("send() ends the content with an error where its chunks are none", async (kind) => {
  for (
    const chunks of ["-3\r\nabc\r\n0\r\n\r\n", "0x3\r\nabc\r\n0\r\n\r\n", "\r\nabc\r\n0\r\n\r\n"]
  ) {
    await using server = answeringAndClosing(CHUNKED + chunks);
    await using transport = kind.make();
    const code = await codeOf(transport.send(server.url, makeRequest()).then(textOf));
    assertEquals(code, kind.strict ? "bad_response" : "incomplete", chunks);
  }
});

contractTest("send() gives up after the response timeout", async (kind) => {
  await using server = new RawServer(() => {});
  const clock = new FakeClock();
  await using transport = kind.make({ clock, connectTimeout: 1000, responseTimeout: 2000 });
  const failed = codeOf(transport.send(server.url, makeRequest()));
  await (await server.connection(1)).waitFor("\r\n\r\n");
  await clock.advance(kind.timesConnections ? 2200 : 3200);
  assertEquals(await failed, "response_timeout");
  await server.connections[0]!.closed;
});

contractTest("send() gives up when content stands still", async (kind) => {
  await using server = answering("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nab");
  const clock = new FakeClock();
  await using transport = kind.make({ clock, contentTimeout: 2000 });
  const response = await transport.send(server.url, makeRequest());
  const failed = codeOf(textOf(response));
  await settle();
  await clock.advance(2200);
  assertEquals(await failed, "response_timeout");
  await server.connections[0]!.closed;
});

contractTest("send() takes its own timeout for no end of content until the close", async (kind) => {
  await using server = answering("HTTP/1.1 200 OK\r\n\r\nab");
  const clock = new FakeClock();
  await using transport = kind.make({ clock, contentTimeout: 2000 });
  const failed = codeOf(textOf(await transport.send(server.url, makeRequest())));
  await settle();
  await clock.advance(2200);
  assertEquals(await failed, "response_timeout");
});

contractTest("send() stops when it is called off, and closes the connection", async (kind) => {
  await using server = new RawServer(() => {});
  await using transport = kind.make();
  const cancellation = new Cancellation();
  const failed = codeOf(transport.send(server.url, makeRequest(), { cancellation }));
  await (await server.connection(1)).waitFor("\r\n\r\n");
  cancellation.cancel(new BalancerError("client_gone", "test"));
  assertEquals(await failed, "client_gone");
  await server.connections[0]!.closed;
  const late = transport.send(server.url, makeRequest(), { cancellation });
  assertEquals([await codeOf(late), server.accepted], ["client_gone", 1]);
});

contractTest("forget() breaks off after the drain time what is still under way", async (kind) => {
  await using server = answering("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nab");
  const clock = new FakeClock();
  await using transport = kind.make({ clock });
  const failed = codeOf(textOf(await transport.send(server.url, makeRequest())));
  transport.forget(server.url, 30);
  await clock.advance(29_000);
  assertEquals(transport.connections(server.url).idle, 0);
  await clock.advance(1000);
  assertEquals(await failed, "incomplete");
  await server.connections[0]!.closed;
});

contractTest("connections() counts the connections, if it can", async (kind) => {
  await using server = answering(OK);
  await using transport = kind.make();
  await textOf(await transport.send(server.url, makeRequest()));
  const counted = kind.ownsConnections ? { open: 1, idle: 1 } : { open: 0, idle: 0 };
  assertEquals(transport.connections(server.url), counted);
});

contractTest("send() is refused once the transport is disposed of", async (kind) => {
  await using server = answering("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nab");
  const transport = kind.make();
  const failed = codeOf(textOf(await transport.send(server.url, makeRequest())));
  await transport[Symbol.asyncDispose]();
  assertEquals(await failed, "incomplete");
  const late = () => transport.send(server.url, makeRequest());
  const error = await assertRejects(late, BalancerError);
  assertEquals(error.code, "closed");
  assertMatch(error.message, /closed/);
});
