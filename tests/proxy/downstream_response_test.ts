import { assertEquals } from "@std/assert";
import { downstreamResponse } from "../../src/proxy/downstream_response.ts";
import type { HeaderField } from "../../src/http1/message.ts";
import type { UpstreamResponse } from "../../src/upstream/transport.ts";

function upstream(
  body: UpstreamResponse["body"],
  headers: readonly HeaderField[] = [],
  more: { status?: number; contentLength?: number } = {},
): UpstreamResponse {
  return { status: 200, contentLength: undefined, ...more, headers, body, discard: () => {} };
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}

Deno.test("downstreamResponse() preserves every byte, whatever the declared content type", async () => {
  const contents = [
    new Uint8Array([]),
    new TextEncoder().encode("plain"),
    new TextEncoder().encode("\ufeffmark, \u00e9, \u4e16, \u{1f600}, \ufffd"),
    // Invalid UTF-8: a lone continuation, half a sequence, an overlong form, a surrogate, any byte.
    new Uint8Array([0x80]),
    new Uint8Array([0x61, 0xe4, 0xb8]),
    new Uint8Array([0xc0, 0x80]),
    new Uint8Array([0xed, 0xa0, 0x80]),
    Uint8Array.from({ length: 256 }, (_, i) => i),
  ];
  const types = ["text/plain", "application/json", "application/problem+json; charset=utf-8"];
  for (const type of [...types, "application/octet-stream", "image/png", "nonsense"]) {
    for (const content of contents) {
      const response = downstreamResponse(upstream(content, [["content-type", type]]));
      assertEquals([...response.headers], [["content-type", type]]);
      assertEquals(await bytesOf(response), content);
    }
  }
});

Deno.test("downstreamResponse() adds no field of its own", async () => {
  const content = new TextEncoder().encode("text");
  const cases: HeaderField[][] = [
    [],
    [["x-a", "1"], ["set-cookie", "a=1"], ["set-cookie", "b=2"]],
    [["content-encoding", "gzip"], ["content-type", "text/html"]],
  ];
  for (const headers of cases) {
    const response = downstreamResponse(upstream(content, headers));
    assertEquals([...response.headers], [...new Headers(headers.map((field) => [...field]))]);
    assertEquals(await bytesOf(response), content);
  }
});

Deno.test("downstreamResponse() copies content in one piece", async () => {
  for (const type of ["text/plain", "application/octet-stream"]) {
    const content = new TextEncoder().encode("mine");
    const response = downstreamResponse(upstream(content, [["content-type", type]]));
    content.fill(0x78);
    assertEquals(await response.text(), "mine");
  }
});

Deno.test("downstreamResponse() sets the length if the platform does not know it", () => {
  function lengthOf(body: UpstreamResponse["body"], status: number): string | null {
    const response = downstreamResponse(upstream(body, [], { status, contentLength: 5 }));
    return response.headers.get("content-length");
  }
  assertEquals(lengthOf(new ReadableStream(), 200), "5");
  // The response to a HEAD, and RFC 9110 §15.4.5.
  assertEquals(lengthOf(null, 200), "5");
  assertEquals(lengthOf(null, 304), "5");
  assertEquals(lengthOf(null, 204), null);
  assertEquals(lengthOf(new ReadableStream(), 205), null);
});
