import { assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { BalancerError } from "../../src/model/errors.ts";
import { delimitResponse } from "../../src/http1/response_framing.ts";
import {
  RESPONSE_HEAD_MAX_BYTES,
  type ResponseHead,
  ResponseHeadParser,
} from "../../src/http1/response_head.ts";

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** One parser for all tests: what it remembers of one must not show in another. */
const parser = new ResponseHeadParser();

function parse(text: string): ResponseHead {
  return parser.parse(bytesOf(text), 0, text.length)!;
}

function assertBad(action: () => unknown, what: string): void {
  assertEquals(assertThrows(action, BalancerError, undefined, what).code, "bad_response", what);
}

Deno.test("ResponseHeadParser.parse() reads the status and the fields", () => {
  assertEquals(
    parse("HTTP/1.1 200 OK\r\nContent-Type:text/plain\r\nX-A: \t b c \t\r\nx-a:\r\n\r\n"),
    {
      minorVersion: 1,
      status: 200,
      headers: [["content-type", "text/plain"], ["x-a", "b c"], ["x-a", ""]],
      framing: [],
      end: 64,
    },
  );
});

Deno.test("ResponseHeadParser.parse() takes a status line without a reason, and HTTP/1.0", () => {
  assertEquals(parse("HTTP/1.0 404\r\n\r\n"), {
    minorVersion: 0,
    status: 404,
    headers: [],
    framing: [],
    end: 16,
  });
  assertEquals(parse("HTTP/1.1 404 \r\n\r\n").status, 404);
});

Deno.test("ResponseHeadParser.parse() keeps each byte above 0x7F as one character", () => {
  assertEquals(parse("HTTP/1.1 200 OK\r\nx: \x80\xe9\xff\r\n\r\n").headers, [[
    "x",
    "\x80\xe9\xff",
  ]]);
});

Deno.test("ResponseHeadParser.parse() sets aside what is about the connection (RFC 9110 §7.6.1)", () => {
  const { headers, framing } = parse([
    "HTTP/1.1 200 OK",
    "Connection: Keep-Alive, X-Hop",
    "Keep-Alive: timeout=5",
    "Content-Length: 5",
    "Proxy-Authenticate: Basic",
    "Proxy-Connection: close",
    "TE: trailers",
    "Trailer: x",
    "Transfer-Encoding: chunked",
    "Upgrade: h2c",
    "Content-Encoding: gzip",
    "\r\n",
  ].join("\r\n"));
  assertEquals(headers, [["content-encoding", "gzip"]]);
  assertEquals(framing, [
    { role: "connection", options: ["keep-alive", "x-hop"] },
    { role: "content_length", length: 5 },
    { role: "transfer_encoding", chunked: true },
    { role: "upgrade", protocol: "h2c" },
  ]);
});

Deno.test("ResponseHeadParser.parse() refuses what breaks RFC 9112", () => {
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

Deno.test("ResponseHeadParser.parse() waits for the empty line", () => {
  const text = "HTTP/1.1 200 OK\r\na: b\r\n\r\n";
  for (let length = 0; length < text.length; length++) {
    assertEquals(parser.parse(bytesOf(text), 0, length), undefined);
  }
  assertEquals(parser.parse(bytesOf(`${text}more`), 0, text.length + 4)!.end, text.length);
});

Deno.test("ResponseHeadParser.parse() refuses a bare LF and a head that is too large", () => {
  const cases = [
    "HTTP/1.1 200 OK\n\r\n",
    "\nHTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\na: b\n\r\n",
    "HTTP/1.1 200 OK\r\na: b\r\n\n",
    "a".repeat(RESPONSE_HEAD_MAX_BYTES + 1),
    `HTTP/1.1 200 OK\r\na: ${"b".repeat(RESPONSE_HEAD_MAX_BYTES)}\r\n\r\n`,
  ];
  for (const text of cases) assertBad(() => parse(text), JSON.stringify(text.slice(0, 40)));
});

Deno.test("ResponseHeadParser.parse() reads any line the second time as the first time", () => {
  const line = fc.oneof(
    fc.constantFrom("HTTP/1.1 200 OK", "HTTP/1.1 500 X", "a: b", "A: b", "a:b", "a : b", " a: b"),
    fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) }),
  );
  fc.assert(fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), (lines) => {
    const text = `${lines.join("\r\n")}\r\n\r\n`;
    assertEquals(outcome(parser, text), outcome(new ResponseHeadParser(), text));
  }));
});

/** A parser's result for a text, either a head or an error. */
function outcome(of: ResponseHeadParser, text: string): unknown {
  try {
    return of.parse(bytesOf(text), 0, text.length);
  } catch (error) {
    return (error as Error).message;
  }
}

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

Deno.test("delimitResponse() drops what Connection names, but not the length", () => {
  const { headers, contentLength } = delimitResponse(
    "GET",
    parse(
      "HTTP/1.1 200 OK\r\nX-Hop: 1\r\nX-Kept: 2\r\nContent-Length: 5\r\n" +
        "Connection: content-length, X-Hop\r\nConnection: x-hop-too\r\nx-hop-too: 3\r\n\r\n",
    ),
  );
  assertEquals(headers, [["x-kept", "2"]]);
  assertEquals(contentLength, 5);
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
