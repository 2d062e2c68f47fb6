import { assertEquals, assertMatch } from "@std/assert";
import {
  EndpointError,
  parseError,
  parseErrorResponse,
  type Recovery,
  resultOf,
  toEndpointError,
} from "../../../src/cluster/etcd/etcd_failure.ts";
import { InvalidResponse } from "../../../src/cluster/etcd/etcd_json.ts";
import type { EtcdFailure } from "../../../src/cluster/etcd/etcd_types.ts";

/** gRPC's codes of etcd's errors, their messages, and what they mean (rpctypes/error.go). */
const ERRORS: readonly [code: number, message: string, EtcdFailure, Recovery?][] = [
  [14, "etcdserver: no leader", "unreachable", "election"],
  [8, "etcdserver: too many requests", "unreachable", "election"],
  [14, "etcdserver: not capable", "unreachable"],
  [14, "etcdserver: rpc not supported for learner", "unreachable"],
  [14, "etcdserver: request timed out", "unknown"],
  [14, "etcdserver: request timed out, possibly due to previous leader failure", "unknown"],
  [14, "etcdserver: request timed out, possibly due to connection lost", "unknown"],
  [14, "etcdserver: request timed out, waiting for the applied index took too long", "unknown"],
  [14, "etcdserver: leader changed", "unknown"],
  [14, "etcdserver: server stopped", "unknown"],
  [14, "etcdserver: unhealthy cluster", "unknown"],
  [14, "all SubConns are in TransientFailure", "unknown"],
  [14, "transport is closing", "unknown"],
  [1, "context canceled", "unknown"],
  [2, "etcdserver: something new", "unknown"],
  [4, "context deadline exceeded", "unknown"],
  [5, "etcdserver: requested lease not found", "no_lease"],
  [11, "etcdserver: mvcc: required revision has been compacted", "compacted"],
  [11, "etcdserver: mvcc: required revision is a future revision", "refused"],
  [3, "etcdserver: user name is empty", "denied", "token"],
  [3, "etcdserver: revision of auth store is old", "denied", "token"],
  [16, "etcdserver: invalid auth token", "denied", "token"],
  [3, "etcdserver: authentication failed, invalid user ID or password", "denied"],
  [9, "etcdserver: user name not found", "denied"],
  [7, "etcdserver: permission denied", "denied"],
  [7, "something else", "denied"],
  [16, "something else", "denied"],
  [3, "etcdserver: request is too large", "refused"],
  [3, "etcdserver: too many operations in txn request", "refused"],
  [8, "etcdserver: mvcc: database space exceeded", "no_space"],
  [15, "etcdserver: corrupt cluster", "refused"],
  [12, "Not Implemented", "refused"],
];

for (const [code, message, failure, recovery = "none"] of ERRORS) {
  Deno.test(`parseError() maps ${code} "${message}" to ${failure}`, () => {
    // As etcd 3.4 and 3.5 send it, as 3.6 does, and in streams before 3.6.
    const forms = [
      { error: message, code, message },
      { code, message, details: [] },
      { grpc_code: code, http_code: 500, message, http_status: "Internal" },
    ];
    for (const form of forms) {
      const error = parseError(form, 500);
      assertEquals([error.failure, error.recovery], [failure, recovery]);
      assertMatch(error.message, /^says "/);
    }
  });
}

Deno.test("parseError() falls back to the status if there is no code", () => {
  const statuses = [401, 403, 400, 404, 429, 500, 503];
  const failures = statuses.map((status) => parseError({ message: "no" }, status).failure);
  const [denied, refused, unknown] = ["denied", "refused", "unknown"];
  assertEquals(failures, [denied, denied, refused, refused, refused, unknown, unknown]);
});

Deno.test("parseError() removes control characters from a message, and truncates it", () => {
  const { message } = parseError({ code: 3, message: `\u001b[31m${"x".repeat(10_000)}` }, 400);
  assertMatch(message, /^says "\ufffd\[31mx{195}…"$/);
});

Deno.test("parseErrorResponse() reports the response, and that it may not be from etcd", () => {
  const page = parseErrorResponse(404, "\n<html>\nmore</html>");
  assertEquals(page.failure, "unreachable");
  assertMatch(
    page.message,
    /^answered with status 404 "<html>": check that this is the client URL/,
  );
  assertEquals(parseErrorResponse(503, "").failure, "unknown");
  assertEquals(parseErrorResponse(400, "[]").failure, "unreachable");
  const error = '{"code":7,"message":"etcdserver: permission denied"}';
  assertEquals(parseErrorResponse(403, error).failure, "denied");
});

Deno.test("toEndpointError() recognizes failed connects on each runtime", () => {
  const text =
    "error sending request for url (http://a/): client error (Connect): tcp connect error";
  const deno = new TypeError("fetch failed", { cause: new Error(text) });
  const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  const node = new TypeError("fetch failed", { cause: refused });
  const bun = Object.assign(new Error("Unable to connect"), { code: "ConnectionRefused" });
  const permission = Object.assign(new Error("Requires net access"), { name: "NotCapable" });
  for (const error of [deno, node, bun, permission]) {
    assertEquals(toEndpointError(error).failure, "unreachable");
  }
  assertEquals(toEndpointError(deno).message, "cannot be reached: tcp connect error");
  const broken = Object.assign(new Error("reset"), { code: "ECONNRESET" });
  for (const error of [broken, new TypeError("fetch failed"), "text", undefined]) {
    assertEquals(toEndpointError(error).failure, "unknown");
  }
});

Deno.test("toEndpointError() returns an EndpointError as it is", () => {
  const error = new EndpointError("denied", "says no");
  assertEquals(toEndpointError(error), error);
  const { failure, message } = toEndpointError(new InvalidResponse("it is not JSON"));
  assertEquals([failure, message], [
    "unknown",
    "sent an invalid response (it is not JSON): check that it is etcd's client URL",
  ]);
});

Deno.test("toEndpointError() handles errors that are their own cause", () => {
  const error = new Error("round and round");
  error.cause = error;
  assertEquals(toEndpointError(error).message, "cannot be reached: round and round");
});

Deno.test("resultOf() returns a result, and throws an error", () => {
  assertEquals(resultOf({ result: { TTL: "5" } }), { TTL: "5" });
  for (const message of [{ error: { code: 14, message: "etcdserver: no leader" } }, {}]) {
    let failed = false;
    try {
      resultOf(message);
    } catch {
      failed = true;
    }
    assertEquals(failed, true);
  }
});
