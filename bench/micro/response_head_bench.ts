import { ResponseHeadParser } from "../../src/http1/response_head.ts";

/** More than the parser can be expected to remember. */
const DIFFERENT_HEADS = 20_000;

Deno.bench({
  name: "parse 5 fields, always the same",
  group: "5 fields",
  baseline: true,
  fn: parseEach([nginxHead()]),
});
Deno.bench({
  name: "parse 5 fields, one of them always new",
  group: "5 fields",
  fn: parseEach(Array.from({ length: DIFFERENT_HEADS }, (_, i) => nginxHead(`ETag: "${i}"`))),
});
Deno.bench({
  name: "parse 20 fields, always the same",
  group: "20 fields",
  baseline: true,
  fn: parseEach([applicationHead(0)]),
});
Deno.bench({
  name: "parse 20 fields, all of them always new",
  group: "20 fields",
  fn: parseEach(Array.from({ length: DIFFERENT_HEADS }, (_, i) => applicationHead(i))),
});

function parseEach(heads: readonly Uint8Array[]): () => void {
  const parser = new ResponseHeadParser();
  let next = 0;
  return function parse(): void {
    const head = heads[next]!;
    next = next + 1 === heads.length ? 0 : next + 1;
    parser.parse(head, 0, head.length);
  };
}

/** The responses of the benchmark's upstreams. */
function nginxHead(fifth = "Connection: keep-alive"): Uint8Array {
  return bytes([
    "HTTP/1.1 200 OK",
    "Server: nginx/1.22.1",
    "Date: Mon, 23 Nov 2026 14:46:57 GMT",
    "Content-Type: text/plain",
    "Content-Length: 20",
    fifth,
  ]);
}

/** The response of an application behind a framework. */
function applicationHead(number: number): Uint8Array {
  return bytes([
    "HTTP/1.1 200 OK",
    ...Array.from(
      { length: 20 },
      (_, i) => `X-Application-Field-${i}: value ${i} of response ${number}; path=/; secure`,
    ),
  ]);
}

function bytes(lines: readonly string[]): Uint8Array {
  return new TextEncoder().encode(lines.join("\r\n") + "\r\n\r\n");
}
