import { assertEquals, assertThrows } from "@std/assert";
import { BalancerError } from "../../src/core/errors.ts";
import { delimitResponse } from "../../src/transport/http1/response_framing.ts";
import {
  findHeadEnd,
  parseResponseHead,
  RESPONSE_HEAD_MAX_BYTES,
  type ResponseHead,
} from "../../src/transport/http1/response_head.ts";

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function parse(text: string): ResponseHead {
  const bytes = bytesOf(text);
  return parseResponseHead(bytes, 0, findHeadEnd(bytes, 0, bytes.length));
}

function assertBad(action: () => unknown, what: string): void {
  assertEquals(assertThrows(action, BalancerError, undefined, what).code, "bad_response", what);
}

Deno.test("parseResponseHead() reads the status and the fields", () => {
  assertEquals(
    parse("HTTP/1.1 200 OK\r\nContent-Type:text/plain\r\nX-A: \t b c \t\r\nx-a:\r\n\r\n"),
    {
      minorVersion: 1,
      status: 200,
      headers: [["content-type", "text/plain"], ["x-a", "b c"], ["x-a", ""]],
    },
  );
});

Deno.test("parseResponseHead() takes a status line without a reason, and HTTP/1.0", () => {
  assertEquals(parse("HTTP/1.0 404\r\n\r\n"), { minorVersion: 0, status: 404, headers: [] });
  assertEquals(parse("HTTP/1.1 404 \r\n\r\n").status, 404);
});

Deno.test("parseResponseHead() keeps each byte above 0x7F as one character", () => {
  assertEquals(parse("HTTP/1.1 200 OK\r\nx: \x80\xe9\xff\r\n\r\n").headers, [[
    "x",
    "\x80\xe9\xff",
  ]]);
});

Deno.test("parseResponseHead() refuses what breaks RFC 9112", () => {
  const status = "HTTP/1.1 200 OK\r\n";
  const cases = [
    "HTTP/2 200 OK\r\n\r\n",
    "HTTP/1.2 200 OK\r\n\r\n",
    "http/1.1 200 OK\r\n\r\n",
    "HTTP/1.1  200 OK\r\n\r\n",
    "HTTP/1.1 20 OK\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n",
    "HTTP/1.1 600 OK\r\n\r\n",
    "HTTP/1.1 099 OK\r\n\r\n",
    "HTTP/1.1 200OK\r\n\r\n",
    "HTTP/1.1 200 O\0K\r\n\r\n",
    "ICY 200 OK\r\n\r\n",
    "\r\n\r\n",
    `${status}no colon\r\n\r\n`,
    `${status}: no name\r\n\r\n`,
    `${status}name : value\r\n\r\n`,
    `${status}na me: value\r\n\r\n`,
    `${status}na\u00e9me: value\r\n\r\n`,
    `${status} folded: value\r\n\r\n`,
    `${status}a: b\r\n folded\r\n\r\n`,
    `${status}a: b\r\n\tfolded\r\n\r\n`,
    `${status}a: b\0c\r\n\r\n`,
    `${status}a: b\rc\r\n\r\n`,
    `${status}a: b\x7f\r\n\r\n`,
    `${status}a: b\x01\r\n\r\n`,
  ];
  for (const text of cases) assertBad(() => parse(text), JSON.stringify(text));
});

Deno.test("findHeadEnd() waits for the empty line", () => {
  const text = "HTTP/1.1 200 OK\r\na: b\r\n\r\n";
  for (let length = 0; length < text.length; length++) {
    assertEquals(findHeadEnd(bytesOf(text), 0, length), -1);
  }
  assertEquals(findHeadEnd(bytesOf(`${text}more`), 0, text.length + 4), text.length);
});

Deno.test("findHeadEnd() refuses a bare LF and a head that is too large", () => {
  const cases = [
    "HTTP/1.1 200 OK\n\r\n",
    "\nHTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\na: b\n\r\n",
    "HTTP/1.1 200 OK\r\na: b\r\n\n",
    "a".repeat(RESPONSE_HEAD_MAX_BYTES + 1),
    `HTTP/1.1 200 OK\r\na: ${"b".repeat(RESPONSE_HEAD_MAX_BYTES)}\r\n\r\n`,
  ];
  for (const text of cases) {
    const bytes = bytesOf(text);
    assertBad(() => findHeadEnd(bytes, 0, bytes.length), JSON.stringify(text.slice(0, 40)));
  }
});

function delimit(fields: string, method = "GET", status = "HTTP/1.1 200 OK"): unknown {
  const { framing, keepAlive } = delimitResponse(method, parse(`${status}\r\n${fields}\r\n`));
  return "length" in framing
    ? [framing.kind, framing.length, keepAlive]
    : [framing.kind, keepAlive];
}

Deno.test("delimitResponse() finds the framing by RFC 9112 §6.3", () => {
  assertEquals(delimit("Content-Length: 5\r\n"), ["length", 5, true]);
  assertEquals(delimit("Content-Length: 0\r\n"), ["none", true]);
  assertEquals(delimit("Content-Length: 5\r\nContent-Length: 5\r\n"), ["length", 5, true]);
  assertEquals(delimit("Transfer-Encoding: Chunked\r\n"), ["chunked", true]);
  assertEquals(delimit(""), ["until_close", false]);
  assertEquals(delimit("Content-Length: 5\r\n", "HEAD"), ["none", true]);
  assertEquals(delimit("Transfer-Encoding: chunked\r\n", "HEAD"), ["none", true]);
  assertEquals(delimit("", "GET", "HTTP/1.1 204 No"), ["none", true]);
  assertEquals(delimit("Content-Length: 5\r\n", "GET", "HTTP/1.1 304 Not"), ["none", true]);
});

Deno.test("delimitResponse() tells whether the connection stays open by RFC 9112 §9.3", () => {
  const length = "Content-Length: 5\r\n";
  assertEquals(delimit(`${length}Connection: close\r\n`), ["length", 5, false]);
  assertEquals(delimit(`${length}Connection: foo, Close\r\n`), ["length", 5, false]);
  assertEquals(delimit(length, "GET", "HTTP/1.0 200 OK"), ["length", 5, false]);
  assertEquals(
    delimit(`${length}Connection: Keep-Alive\r\n`, "GET", "HTTP/1.0 200 OK"),
    ["length", 5, true],
  );
});

Deno.test("delimitResponse() refuses framing that can be read in two ways", () => {
  const cases = [
    "Content-Length: 5\r\nContent-Length: 6\r\n",
    "Content-Length: 5, 6\r\n",
    "Content-Length: 5, 5\r\n",
    "Content-Length: -1\r\n",
    "Content-Length: +5\r\n",
    "Content-Length: 0x5\r\n",
    "Content-Length: 5 5\r\n",
    "Content-Length: \r\n",
    "Content-Length: 99999999999999999999\r\n",
    "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Transfer-Encoding: chunked, chunked\r\n",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "Transfer-Encoding: identity\r\n",
    "Transfer-Encoding: \x0bchunked\r\n",
    "Transfer-Encoding: xchunked\r\n",
    "Transfer-Encoding: \r\n",
  ];
  for (const fields of cases) assertBad(() => delimit(fields), JSON.stringify(fields));
  assertBad(() => delimit("Transfer-Encoding: chunked\r\n", "GET", "HTTP/1.0 200 OK"), "HTTP/1.0");
});
