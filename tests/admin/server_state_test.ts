import { assertEquals } from "@std/assert";
import { serverState } from "../../src/admin/server_state.ts";
import { completeServer } from "../../src/model/server.ts";
import type { ServerStatus } from "../../src/model/server_status.ts";

const UP: ServerStatus = {
  ...completeServer({ url: "http://a" }),
  healthy: true,
  active: 0,
  ejection: undefined,
  lastCheck: undefined,
};
const FAILED = { at: new Date(0), passed: false, detail: "HTTP 500", duration: 1 };
const EJECTED = { why: "3 connections failed in a row", until: new Date(0), onTrial: false };

Deno.test("serverState() says whether a server takes requests, and why not", () => {
  const cases: [status: Partial<ServerStatus>, state: string, reason: string | null][] = [
    [{}, "up", null],
    [{ healthy: false }, "unhealthy", null],
    [{ healthy: false, lastCheck: FAILED }, "unhealthy", "HTTP 500"],
    [
      { healthy: false, lastCheck: { ...FAILED, passed: true, detail: "HTTP 200" } },
      ...["unhealthy", "HTTP 200, and more checks have to pass"] as const,
    ],
    [{ lastCheck: FAILED }, "up", null],
    [{ ejection: EJECTED }, "ejected", EJECTED.why],
    [{ ejection: { ...EJECTED, onTrial: true } }, "on_trial", EJECTED.why],
    [{ healthy: false, ejection: EJECTED, lastCheck: FAILED }, "unhealthy", "HTTP 500"],
    [{ draining: true }, "draining", "told to take no new requests"],
    [{ weight: 0, healthy: false, ejection: EJECTED }, "draining", "its weight is 0"],
  ];
  for (const [status, state, reason] of cases) {
    assertEquals(serverState({ ...UP, ...status }), { state, reason } as unknown);
  }
});
