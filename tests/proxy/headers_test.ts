import { assertEquals } from "@std/assert";
import { ReceivedFields, upstreamHeaders } from "../../src/proxy/headers.ts";

const PEER = { clientAddress: "192.0.2.1", host: "example.com", scheme: "http" };

/** The fields after Host and before those that the proxy sets. */
function passedOn(received: Record<string, string>): Record<string, string> {
  const headers = upstreamHeaders(new ReceivedFields(new Headers(received)), PEER);
  return Object.fromEntries(headers.slice(1, -5));
}

Deno.test("upstreamHeaders() drops hop-by-hop fields and those that Connection names", () => {
  assertEquals(
    passedOn({
      "accept": "*/*",
      "connection": "keep-alive, X-Secret , upgrade",
      "keep-alive": "timeout=5",
      "proxy-authorization": "Basic x",
      "proxy-connection": "keep-alive",
      "te": "trailers",
      "trailer": "x",
      "transfer-encoding": "chunked",
      "upgrade": "h2c",
      "expect": "100-continue",
      "content-length": "3",
      "x-secret": "1",
      "x-other": "2",
    }),
    { "accept": "*/*", "x-other": "2" },
  );
});

Deno.test("upstreamHeaders() cannot be made to drop the Host or the fields that the proxy sets", () => {
  const received = new ReceivedFields(
    new Headers({ connection: "host, x-forwarded-for, via", host: "other" }),
  );
  const headers = Object.fromEntries(upstreamHeaders(received, PEER));
  assertEquals(headers, {
    "host": "example.com",
    "x-forwarded-for": "192.0.2.1",
    "x-forwarded-host": "example.com",
    "x-forwarded-proto": "http",
    "forwarded": 'for=192.0.2.1;host="example.com";proto=http',
    "via": "1.1 ballast",
  });
});

Deno.test("upstreamHeaders() replaces a client's claims about itself", () => {
  const received = new ReceivedFields(
    new Headers({
      "x-forwarded-for": "10.0.0.1",
      "x-forwarded-host": "evil",
      "x-forwarded-proto": "https",
      "forwarded": "for=10.0.0.1",
      "via": "1.0 fred",
    }),
  );
  const headers = upstreamHeaders(received, { ...PEER, clientAddress: "2001:db8::1" });
  assertEquals(headers.slice(1), [
    ["x-forwarded-for", "2001:db8::1"],
    ["x-forwarded-host", "example.com"],
    ["x-forwarded-proto", "http"],
    ["forwarded", 'for="[2001:db8::1]";host="example.com";proto=http'],
    ["via", "1.0 fred, 1.1 ballast"],
  ]);
});

Deno.test("upstreamHeaders() writes unknown if the client's address is not known", () => {
  const received = new ReceivedFields(new Headers());
  const headers = upstreamHeaders(received, { ...PEER, clientAddress: undefined });
  const names = headers.map(([name]) => name);
  assertEquals(names.includes("x-forwarded-for"), false);
  assertEquals(new Map(headers).get("forwarded")!.startsWith("for=unknown;"), true);
});
