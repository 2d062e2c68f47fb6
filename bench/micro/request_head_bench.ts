import { requestHead } from "../../src/http1/request_head.ts";
import { latin1Bytes } from "../../src/http1/latin1.ts";
import type { HeaderField, UpstreamRequest } from "../../src/http1/message.ts";

Deno.bench({ name: "write 6 fields", group: "ASCII", baseline: true, fn: write(request(0)) });
Deno.bench({ name: "write 26 fields", group: "ASCII", fn: write(request(20)) });
Deno.bench("write 6 fields, one not ASCII", write(request(0, [["x-name", "Jos\u00e9"]])));

function write(upstreamRequest: UpstreamRequest): () => void {
  return function writeHead(): void {
    latin1Bytes(requestHead("", upstreamRequest, false));
  };
}

/** A request as the proxy sends it: what it sets itself, and what the client sent. */
function request(clientFields: number, more: readonly HeaderField[] = []): UpstreamRequest {
  const headers: HeaderField[] = [
    ["host", "127.0.0.1:8080"],
    ...Array.from(
      { length: clientFields },
      (_, i): HeaderField => [`x-client-field-${i}`, `value ${i} of a client that says much`],
    ),
    ["x-forwarded-for", "127.0.0.1"],
    ["x-forwarded-host", "127.0.0.1:8080"],
    ["x-forwarded-proto", "http"],
    ["forwarded", 'for=127.0.0.1;host="127.0.0.1:8080";proto=http'],
    ["via", "1.1 ballast"],
    ...more,
  ];
  return {
    method: "GET",
    target: "/catalogue/shoes?page=3&sort=price",
    headers,
    body: null,
    contentLength: undefined,
    replayable: true,
  };
}
