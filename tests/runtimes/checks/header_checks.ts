import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { exchangeRaw } from "../../testing/raw_client.ts";
import { answering, RawServer } from "../../testing/raw_server.ts";
import { SampleServer } from "../../testing/sample_server.ts";
import type { Runtime } from "../installation.ts";
import { RemoteBalancer } from "../remote_balancer.ts";
import type { Check } from "./check.ts";

/** "oo" by gzip. */
const ENCODED = "\x1f\x8b\x08\0\0\0\0\0\x02\x03\xcb\xcf\x07\0\x5e\x19\xb1\x7e\x02\0\0\0";

/** Whether content stays in the coding that the client asks for; Node's fetch always decodes it. */
function keepsCodings({ name }: Runtime): boolean {
  return name !== "Node";
}

/** Sends a request over a balancer, and returns what the server got. */
async function receivedBy(runtime: Runtime, request: string): Promise<string> {
  await using server = answering("HTTP/1.1 204 No Content\r\n\r\n");
  await using balancer = await RemoteBalancer.over(runtime, server.url);
  await exchangeRaw(balancer.url, request);
  return server.connections.map((connection) => connection.received()).join("");
}

/** Checks of the fields that reach the server and the client. */
export const HEADER_CHECKS: readonly Check[] = [
  {
    name: "tells the server who the client is, and nothing about its connection",
    async run(runtime) {
      const received = await receivedBy(
        runtime,
        "GET /a%2fb//c?x=1 HTTP/1.1\r\nHost: example.com:81\r\nConnection: close, X-Hop\r\n" +
          "X-Hop: 1\r\nCookie: a=1; b=2\r\nX-Forwarded-For: 6.6.6.6\r\nUser-Agent: test\r\n\r\n",
      );
      assertMatch(received, /^GET \/a%2fb\/\/c\?x=1 HTTP\/1\.1\r\n/);
      const wanted = [
        ["x-forwarded-for", "127.0.0.1"],
        ["x-forwarded-host", "example.com:81"],
        ["x-forwarded-proto", "http"],
        ["forwarded", 'for=127.0.0.1;host="example.com:81";proto=http'],
        ["via", "1.1 ballast"],
        ["cookie", "a=1; b=2"],
        ["user-agent", "test"],
      ];
      for (const [name, value] of wanted) {
        assertStringIncludes(received.toLowerCase(), `\r\n${name}: ${value}\r\n`.toLowerCase());
      }
      assertEquals(/x-hop|6\.6\.6\.6/i.test(received), false);
      // Node's fetch has no way to set it.
      assertEquals(/\r\nhost: example\.com:81\r\n/i.test(received), runtime.name !== "Node");
    },
  },
  {
    name: "asks for a path as the runtime resolved it, below the base path of the server",
    async run(runtime) {
      // There, the path is passed on as it was received.
      if (runtime.name === "Deno") return;
      await using server = answering("HTTP/1.1 204 No Content\r\n\r\n");
      await using balancer = await RemoteBalancer.over(runtime, `${server.url}/base`);
      for (const path of ["/a/../b", "/a/./b", "/a/%2E%2e/b", "/../b"]) {
        await exchangeRaw(
          balancer.url,
          `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
        );
      }
      const received = server.connections.map((connection) => connection.received()).join("");
      assertEquals([...received.matchAll(/^GET (\S+)/gm)].map(([, path]) => path), [
        ...["/base/b", "/base/a/b", "/base/b", "/base/b"],
      ]);
    },
  },
  {
    name: "passes repeated fields, redirects and answers without content on as they are",
    async run(runtime) {
      const answers: Record<string, string> = {
        "/302": "HTTP/1.1 302 Found\r\nLocation: /x\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n" +
          "Content-Length: 3\r\n\r\nred",
        "/304": 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n',
        "/head": "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n",
        "/early": "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
      };
      await using server = new RawServer(async (connection) => {
        for (let number = 1;; number++) {
          const text = await connection.waitFor("\r\n\r\n", number);
          const [, path] = /([^ ]*) HTTP\/1\.1/.exec(text.split("\r\n\r\n")[number - 1]!)!;
          await connection.send(answers[path!]!);
        }
      });
      await using balancer = await RemoteBalancer.over(runtime, server.url);
      const get = (path: string, method = "GET") =>
        fetch(balancer.url + path, { method, redirect: "manual" });
      const redirect = await get("/302");
      assertEquals([redirect.status, await redirect.text()], [302, "red"]);
      assertEquals(redirect.headers.get("location"), "/x");
      assertEquals(redirect.headers.getSetCookie(), ["a=1", "b=2"]);
      const unmodified = await get("/304");
      assertEquals([unmodified.status, unmodified.headers.get("etag")], [304, '"a"']);
      const head = await get("/head", "HEAD");
      assertEquals([head.status, head.headers.get("content-length")], [200, "1234"]);
      assertEquals((await get("/early")).status, 204);
    },
  },
  {
    name: "says of encoded content what is true of it",
    async run(runtime) {
      await using server = answering(
        `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nETag: "a"\r\n` +
          `Content-Length: ${ENCODED.length}\r\n\r\n${ENCODED}`,
      );
      await using balancer = await RemoteBalancer.over(runtime, server.url);
      const answer = await exchangeRaw(
        balancer.url,
        "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n",
      );
      const received = server.connections[0]!.received();
      const [, asked] = /\r\naccept-encoding: (.*)\r\n/i.exec(received)!;
      if (keepsCodings(runtime)) {
        assertEquals(asked, "gzip");
        assertMatch(answer, /\r\ncontent-encoding: gzip\r\n/i);
        assertMatch(answer, /\r\netag: "a"\r\n/i);
        assertEquals(answer.slice(answer.indexOf("\r\n\r\n") + 4), ENCODED);
      } else {
        assertEquals(asked, "identity");
        assertEquals(/content-encoding/i.test(answer), false);
        assertMatch(answer, /\r\netag: W\/"a"\r\n/i);
        assertMatch(answer, /\r\n(?:oo|2\r\noo\r\n0\r\n\r\n)$/);
      }
    },
  },
  {
    name: "refuses a WebSocket where the runtime has none for it",
    async run(runtime) {
      if (runtime.name === "Deno") return;
      await using server = new SampleServer("a");
      await using balancer = await RemoteBalancer.over(runtime, server.url);
      const answer = await exchangeRaw(
        balancer.url,
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade, close\r\nUpgrade: websocket\r\n" +
          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
      );
      assertMatch(answer, /^HTTP\/1\.1 501 /);
      assertEquals(server.hits, 0);
    },
  },
  {
    name: "sends no method as another one",
    async run(runtime) {
      await using server = answering("HTTP/1.1 204 No Content\r\n\r\n");
      await using balancer = await RemoteBalancer.over(runtime, server.url);
      for (const method of ["PROPFIND", "OWN"]) {
        await exchangeRaw(
          balancer.url,
          `${method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
        );
      }
      const received = server.connections.map((connection) => connection.received()).join("");
      for (const [method] of received.matchAll(/^[A-Z]+(?= \/ )/gm)) {
        assertEquals(["PROPFIND", "OWN"].includes(method), true, method);
      }
    },
  },
];
