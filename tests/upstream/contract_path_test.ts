import { assertEquals, assertStringIncludes } from "@std/assert";
import { makeRequest, textOf } from "../testing/http1_client.ts";
import { answering } from "../testing/raw_server.ts";
import { codeOf, contractTest } from "./contract.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Targets that one server or another takes for a path above the one they are put behind. */
const OUTSIDE = [
  "/..",
  "/../admin",
  "/%2e%2e/admin",
  "/.%2E/admin",
  "/x/../../admin",
  "/x/./../../admin",
  "/x/../../base/y",
  // A slash that some decode, a backslash that the URL standard and Windows take for one.
  "/..%2fadmin",
  "/x%2f..%2f..%2fadmin",
  "/x%2fy/../../admin",
  "/x%5cy%2f../../admin",
  "/..\\admin",
  "/..%5Cadmin",
  // Java servers drop parameters, nginx merges slashes.
  "/..;/admin",
  "/..;a=b/admin",
  "/%2e%2e%3b/admin",
  "/;x/../admin",
  "//../admin",
  "/x//../../admin",
  "/../admin?x=/y",
];

contractTest("send() keeps a path within the server's base path", async (kind) => {
  for (const target of ["/a/%2E%2e/b", "/a/./b", "/a/.."]) {
    await using server = answering(OK);
    await using transport = kind.make();
    const sent = transport.send(`${server.url}/base`, makeRequest({ target }));
    if (kind.writesRequestsAsGiven) {
      await textOf(await sent);
      assertStringIncludes(server.connections[0]!.received(), `GET /base${target} `);
    } else {
      assertEquals([await codeOf(sent), server.accepted], ["bad_request", 0]);
    }
  }
});

contractTest("send() refuses a path that leaves the server's base path", async (kind) => {
  await using server = answering(OK);
  await using transport = kind.make();
  for (const target of OUTSIDE) {
    const sent = transport.send(`${server.url}/base`, makeRequest({ target }));
    assertEquals([await codeOf(sent), server.accepted], ["bad_request", 0], target);
    if (!kind.opensWebSockets) continue;
    const upgraded = transport.upgrade(`${server.url}/base`, makeRequest({ target }));
    assertEquals([await codeOf(upgraded), server.accepted], ["bad_request", 0], target);
  }
});

contractTest("send() passes every path on to a server without a base path", async (kind) => {
  if (!kind.writesRequestsAsGiven) return;
  await using server = answering(OK);
  await using transport = kind.make();
  for (const target of OUTSIDE) {
    await textOf(await transport.send(server.url, makeRequest({ target })));
  }
  const lines = server.connections[0]!.received().match(/^GET .*(?= HTTP)/gm);
  assertEquals(lines, OUTSIDE.map((target) => `GET ${target}`));
});

contractTest("send() lets two dots in a base path that lead nowhere else", async (kind) => {
  await using server = answering(OK);
  await using transport = kind.make();
  const inside = ["/a..b/..c/d..", "/...", "/?/../../b", "/a%2fb\\c", "/a?x=..%2f..", "/..a;b/c"];
  if (kind.writesRequestsAsGiven) {
    inside.push("/a/../b%2f", "/a%2fb/..", "/a\\b%5c/../c", "/a/b/../../");
  }
  for (const target of inside) {
    const response = await transport.send(`${server.url}/base`, makeRequest({ target }));
    assertEquals(await textOf(response), "ok", target);
  }
});

contractTest("send() asks about a server as a whole with *", async (kind) => {
  await using server = answering(OK);
  await using transport = kind.make();
  const request = makeRequest({ method: "OPTIONS", target: "*" });
  for (const [url, target] of [[server.url, "*"], [`${server.url}/base`, "/base/"]] as const) {
    const sent = transport.send(url, request);
    // RFC 9112 §3.2.4: it is in no URL.
    if (!kind.writesRequestsAsGiven) assertEquals(await codeOf(sent), "unsupported");
    else {
      assertEquals(await textOf(await sent), "ok");
      assertStringIncludes(server.connections.at(-1)!.received(), `OPTIONS ${target} HTTP/1.1`);
    }
  }
});
