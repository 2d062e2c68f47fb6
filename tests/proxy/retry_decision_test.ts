import { assertEquals } from "@std/assert";
import { BalancerError, type ErrorCode } from "../../src/model/errors.ts";
import { decideRetry, isIdempotent, type RetryDecision } from "../../src/proxy/retry_decision.ts";
import { makeRequest } from "../testing/http1_client.ts";

function remedies(code: ErrorCode): RetryDecision[] {
  const error = new BalancerError(code, "test");
  return [true, false].map((replayable) => decideRetry(error, makeRequest({ replayable })));
}

Deno.test("decideRetry() redispatches after a connection that was never made", () => {
  for (const code of ["connect_failed", "connect_timeout", "no_route"] as const) {
    assertEquals(remedies(code), ["redispatch", "redispatch"]);
  }
});

Deno.test("decideRetry() retries idempotent requests of whose response nothing was forwarded", () => {
  for (const code of ["closed_early", "incomplete", "response_timeout"] as const) {
    assertEquals(remedies(code), ["retry", "none"]);
  }
});

Deno.test("decideRetry() does not repeat a request after any other failure", () => {
  const codes = ["bad_response", "client_gone", "request_timeout", "closed"] as const;
  // If no file can be opened for one server, none can for another.
  for (const code of [...codes, "out_of_resources"] as const) {
    assertEquals(remedies(code), ["none", "none"]);
  }
});

Deno.test("isIdempotent() follows RFC 9110 §9.2.2", () => {
  const methods = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST", "PATCH", "get", "PROPFIND"];
  assertEquals(methods.filter(isIdempotent), ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);
});
