import { assertEquals } from "@std/assert";
import { BalancerError, type ErrorCode } from "../../src/core/errors.ts";
import { isIdempotent, mayTryAgain, TRIES_MAX } from "../../src/proxy/retry.ts";
import { makeRequest } from "../testing/http1_client.ts";

function may(code: ErrorCode, replayable: boolean, tries = 1): boolean {
  return mayTryAgain(new BalancerError(code, "test"), tries, makeRequest({ replayable }));
}

Deno.test("mayTryAgain() goes on after a connection that was never made", () => {
  for (const code of ["connect_failed", "connect_timeout"] as const) {
    assertEquals([may(code, true), may(code, false)], [true, true]);
  }
});

Deno.test("mayTryAgain() goes on after an early close only where twice is as good as once", () => {
  assertEquals([may("closed_early", true), may("closed_early", false)], [true, false]);
});

Deno.test("mayTryAgain() stops at everything else, and after three tries", () => {
  for (const code of ["incomplete", "bad_response", "response_timeout", "client_gone"] as const) {
    assertEquals(may(code, true), false);
  }
  assertEquals(may("connect_failed", true, TRIES_MAX - 1), true);
  assertEquals(may("connect_failed", true, TRIES_MAX), false);
});

Deno.test("isIdempotent() follows RFC 9110 §9.2.2", () => {
  const methods = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST", "PATCH", "get", "PROPFIND"];
  assertEquals(methods.filter(isIdempotent), ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);
});
