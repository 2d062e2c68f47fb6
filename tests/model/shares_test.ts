import { assertAlmostEquals, assertEquals } from "@std/assert";
import { completeServer } from "../../src/model/server.ts";
import type { EjectionReport, ServerStatus } from "../../src/model/server_status.ts";
import { predictShares } from "../../src/model/shares.ts";

function makeStatus(status: Partial<ServerStatus>): ServerStatus {
  return {
    ...completeServer({ url: "http://a", healthCheckPeriod: 0 }),
    healthy: true,
    active: 0,
    ejection: undefined,
    lastCheck: undefined,
    ...status,
  };
}

function shares(...servers: Partial<ServerStatus>[]): number[] {
  return predictShares(servers.map(makeStatus));
}

function ejection(onTrial: boolean): EjectionReport {
  return { why: "3 connections failed in a row", until: new Date(0), onTrial };
}

Deno.test("predictShares() divides by weight", () => {
  assertEquals(shares({ weight: 1 }, { weight: 3 }), [0.25, 0.75]);
  assertEquals(shares({ weight: 2 ** 32 - 1 }), [1]);
  const thirds = shares({}, {}, {});
  assertAlmostEquals(thirds.reduce((sum, share) => sum + share), 1);
});

Deno.test("predictShares() gives no share to servers that take no new requests", () => {
  assertEquals(shares({ weight: 0 }, { weight: 5 }), [0, 1]);
  assertEquals(shares({ weight: 9, draining: true }, { weight: 5 }), [0, 1]);
});

Deno.test("predictShares() gives unhealthy and ejected servers a share only if there are no others", () => {
  assertEquals(shares({ healthy: false }, {}, { ejection: ejection(false) }), [0, 1, 0]);
  assertEquals(shares({ healthy: false, weight: 3 }, { ejection: ejection(false) }), [0.75, 0.25]);
  assertEquals(shares({ healthy: false }, { weight: 0 }, { draining: true }), [1, 0, 0]);
});

Deno.test("predictShares() gives a server on trial its full share", () => {
  assertEquals(shares({ ejection: ejection(true) }, {}), [0.5, 0.5]);
});

Deno.test("predictShares() returns zeros if no server takes requests, and an empty list without servers", () => {
  assertEquals(shares({ weight: 0 }, { draining: true }), [0, 0]);
  assertEquals(shares(), []);
});
