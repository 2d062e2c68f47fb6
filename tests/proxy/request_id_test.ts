import { assert, assertEquals, assertMatch } from "@std/assert";
import type { IncomingRequest } from "../../src/proxy/incoming_request.ts";
import { RequestIds, withRequestId } from "../../src/proxy/request_id.ts";

function request(...headers: [string, string][]): IncomingRequest {
  const none = { body: null, contentLength: undefined, replayable: true, webSocket: false };
  return { method: "GET", target: "/", headers, ...none };
}

Deno.test("RequestIds.choose() keeps an id that needs no quoting in a log or a field", () => {
  const ids = new RequestIds();
  const kept = [
    "1",
    "f47ac10b-58cc-4372-a567-0e02b2c3d479",
    "Root=1-67a:b/c+d_~.@e",
    "x".repeat(128),
  ];
  for (const id of kept) assertEquals(ids.choose(id), id);
  const others = [
    "",
    "x".repeat(129),
    "a b",
    "a,b",
    'a"b',
    "a\\b",
    "a\tb",
    "é",
    "a\n",
    "{a}",
    null,
  ];
  for (const id of others) assertMatch(ids.choose(id), /^[0-9a-f]{32}$/);
});

Deno.test("RequestIds.choose() never makes an id twice", () => {
  const ids = [new RequestIds(), new RequestIds()];
  const made = new Set(ids.flatMap((one) => Array.from({ length: 1000 }, () => one.choose(null))));
  assertEquals(made.size, 2000);
});

Deno.test("withRequestId() adds the id, and replaces another one", () => {
  const host: [string, string] = ["host", "a"];
  const other: [string, string] = ["x", "y"];
  const id: [string, string] = ["x-request-id", "1"];
  assertEquals(withRequestId(request(host, other), "1").headers, [host, other, id]);
  const sent = request(host, ["x-request-id", "bad one"], other);
  assertEquals(withRequestId(sent, "1").headers, [host, other, id]);
  const same = request(host, id, other);
  assert(withRequestId(same, "1") === same);
});
