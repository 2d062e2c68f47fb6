import { assertEquals, assertThrows } from "@std/assert";
import { BalancerError } from "../../../src/model/errors.ts";
import { readFetchedHead } from "../../../src/upstream/fetch/fetch_response.ts";

function respond(headers: Record<string, string>, status = 200): Response {
  return new Response(null, { status, headers });
}

Deno.test("readFetchedHead() says nothing of decoded content that was true of the encoded", () => {
  for (const coding of ["gzip", "GZip, br", "x-gzip", "deflate"]) {
    const { headers, contentLength } = readFetchedHead(
      respond({
        "content-encoding": coding,
        "content-length": "28",
        "content-digest": "sha-256=:AA==:",
        "repr-digest": "sha-256=:AA==:",
        "content-md5": "AA==",
        "accept-ranges": "bytes",
        "etag": '"a"',
        "vary": "accept-encoding",
        "x-own": "1",
      }),
      true,
    );
    assertEquals(contentLength, undefined);
    assertEquals(headers, [["etag", 'W/"a"'], ["vary", "accept-encoding"], ["x-own", "1"]]);
  }
});

Deno.test("readFetchedHead() weakens no validator twice", () => {
  const response = respond({ "content-encoding": "br", "etag": 'W/"a"' });
  assertEquals(readFetchedHead(response, true).headers, [["etag", 'W/"a"']]);
});

Deno.test("readFetchedHead() leaves content alone that nobody has decoded", () => {
  const encoded = { "content-encoding": "gzip", "etag": '"a"' };
  assertEquals(readFetchedHead(respond(encoded), false).headers, Object.entries(encoded));
  const others: Record<string, string>[] = [{ etag: '"a"' }, {
    "content-encoding": "aws-chunked, gzip",
    "etag": '"a"',
  }];
  for (const head of others) {
    assertEquals(readFetchedHead(respond(head), true).headers, Object.entries(head));
  }
});

Deno.test("readFetchedHead() refuses decoded content that the client could not do with", () => {
  const gzip = { "content-encoding": "gzip" };
  const cases = [
    respond({ ...gzip, "content-range": "bytes 0-9/100" }, 206),
    respond({ ...gzip, "cache-control": "private, No-Transform" }),
    // Some versions decode it, and some do not.
    respond({ "content-encoding": "zstd" }),
  ];
  for (const response of cases) {
    assertEquals(
      assertThrows(() => readFetchedHead(response, true), BalancerError).code,
      "bad_response",
    );
    readFetchedHead(response, false);
  }
});

Deno.test("readFetchedHead() refuses a length that is none", () => {
  for (const length of ["-1", "3, 4", "0x3", "99999999999999999999"]) {
    const response = respond({ "content-length": length });
    assertThrows(() => readFetchedHead(response, false), BalancerError, "no length");
  }
});
