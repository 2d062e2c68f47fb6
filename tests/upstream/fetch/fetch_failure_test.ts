import { assertEquals, assertMatch } from "@std/assert";
import {
  explainContentFailure,
  explainFetchFailure,
} from "../../../src/upstream/fetch/fetch_failure.ts";

const SERVER = "http://server.example:6000";

/** An error as runtimes make them: the outermost says little. */
function failed(message: string, details: Record<string, unknown> = {}, name = "Error"): TypeError {
  const cause = Object.assign(new Error(message), { name, ...details });
  return new TypeError("fetch failed", { cause });
}

// Errors that Node 22 and 24, Bun 1.4 and Deno 2.9 were seen to throw.
const SEEN: readonly [error: Error, code: string][] = [
  [failed("connect", { code: "ECONNREFUSED", syscall: "connect" }), "connect_failed"],
  [failed("connect", { code: "EHOSTUNREACH", syscall: "connect" }), "connect_failed"],
  [failed("getaddrinfo", { code: "ENOTFOUND", syscall: "getaddrinfo" }), "connect_failed"],
  [failed("self-signed certificate", { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }), "connect_failed"],
  [failed("Hostname does not match", { code: "ERR_TLS_CERT_ALTNAME_INVALID" }), "connect_failed"],
  [failed("client error (Connect): tcp connect error"), "connect_failed"],
  [failed("bad port"), "connect_failed"],
  [new TypeError("Fetch failed: Requests to port 6000 are blocked"), "connect_failed"],
  [Object.assign(new TypeError("Unable to connect"), { code: "ECONNREFUSED" }), "connect_failed"],
  [failed("Connect Timeout", { code: "UND_ERR_CONNECT_TIMEOUT" }), "connect_timeout"],
  [failed("connect", { code: "ETIMEDOUT", syscall: "connect" }), "connect_timeout"],
  [failed("Headers Timeout", { code: "UND_ERR_HEADERS_TIMEOUT" }), "response_timeout"],
  [failed("Expected HTTP/", { code: "HPE_INVALID_CONSTANT" }, "HTTPParserError"), "bad_response"],
  [failed("bad upgrade", { code: "UND_ERR_SOCKET" }), "bad_response"],
  [failed("Headers Overflow", { code: "UND_ERR_HEADERS_OVERFLOW" }), "bad_response"],
  [failed("client error (SendRequest): invalid HTTP version parsed"), "bad_response"],
  [Object.assign(new TypeError("x"), { code: "Malformed_HTTP_Response" }), "bad_response"],
  [failed("other side closed", { code: "UND_ERR_SOCKET" }), "closed_early"],
  [failed("read ECONNRESET", { code: "ECONNRESET", syscall: "read" }), "closed_early"],
  [Object.assign(new TypeError("x"), { code: "ECONNRESET" }), "closed_early"],
  [failed("client error (SendRequest): connection closed before message"), "closed_early"],
];

Deno.test("explainFetchFailure() knows what each runtime says", () => {
  for (const [error, code] of SEEN) {
    const explained = explainFetchFailure(error, SERVER);
    assertEquals([explained.code, explained.source], [code, "upstream"], String(error.cause));
  }
});

Deno.test("explainFetchFailure() does not blame the server for what this machine lacks", () => {
  const lacking: [Error, string][] = [
    [failed("connect EMFILE", { code: "EMFILE", syscall: "connect" }), "out_of_resources"],
    [Object.assign(new TypeError("EMFILE"), { code: "EMFILE" }), "out_of_resources"],
    [failed("connect", { code: "ENOBUFS", syscall: "connect" }), "out_of_resources"],
    [failed("connect", { code: "EADDRNOTAVAIL", syscall: "connect" }), "no_route"],
    [failed("connect", { code: "ENETUNREACH", syscall: "connect" }), "no_route"],
  ];
  for (const [error, code] of lacking) {
    const explained = explainFetchFailure(error, SERVER);
    assertEquals([explained.code, explained.source], [code, "internal"]);
  }
  // The way was lost while the answer was awaited: the request is on its way.
  const lost = failed("read ENETUNREACH", { code: "ENETUNREACH", syscall: "read" });
  assertEquals(explainFetchFailure(lost, SERVER).code, "closed_early");
});

Deno.test("explainFetchFailure() counts as sent what it does not know", () => {
  const unknown = [
    failed("read EHOSTUNREACH", { code: "EHOSTUNREACH", syscall: "read" }),
    failed("read ETIMEDOUT", { code: "ETIMEDOUT", syscall: "read" }),
    failed("something new", { code: "UND_ERR_NEW" }),
    "not even an error",
  ];
  for (const thrown of unknown) {
    assertEquals(explainFetchFailure(thrown, SERVER).code, "closed_early");
  }
});

Deno.test("explainFetchFailure() looks at what all addresses of a name failed with", () => {
  const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
  const cause = new AggregateError([refused, refused]);
  const error = new TypeError("fetch failed", { cause });
  assertEquals(explainFetchFailure(error, SERVER).code, "connect_failed");
});

Deno.test("explainFetchFailure() ends where causes go round in a ring", () => {
  const error = new Error("ring");
  error.cause = error;
  assertEquals(explainFetchFailure(error, SERVER).code, "closed_early");
});

Deno.test("explainFetchFailure() says what to do about a port that fetch refuses", () => {
  const { message } = explainFetchFailure(failed("bad port"), SERVER);
  assertMatch(message, /server\.example:6000.*refuses the port.*use another port for the server/);
});

Deno.test("explainContentFailure() tells broken content from content that breaks off", () => {
  const cases: [Error, string][] = [
    [failed("other side closed", { code: "UND_ERR_SOCKET" }), "incomplete"],
    [failed("incorrect header check", { code: "Z_DATA_ERROR" }), "bad_response"],
    [failed("Invalid character in chunk size", {}, "HTTPParserError"), "bad_response"],
    [failed("Body Timeout", { code: "UND_ERR_BODY_TIMEOUT" }), "response_timeout"],
    [new TypeError("error reading a body from connection"), "incomplete"],
  ];
  for (const [error, code] of cases) assertEquals(explainContentFailure(error).code, code);
});
