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

Deno.test("predictShares() gives nothing to who takes no new requests", () => {
  assertEquals(shares({ weight: 0 }, { weight: 5 }), [0, 1]);
  assertEquals(shares({ weight: 9, draining: true }, { weight: 5 }), [0, 1]);
});

Deno.test("predictShares() gives nothing to the unhealthy and the ejected, while there are others", () => {
  assertEquals(shares({ healthy: false }, {}, { ejection: ejection(false) }), [0, 1, 0]);
  assertEquals(shares({ healthy: false, weight: 3 }, { ejection: ejection(false) }), [0.75, 0.25]);
  assertEquals(shares({ healthy: false }, { weight: 0 }, { draining: true }), [1, 0, 0]);
});

Deno.test("predictShares() counts a server on trial, which is trusted", () => {
  assertEquals(shares({ ejection: ejection(true) }, {}), [0.5, 0.5]);
});

Deno.test("predictShares() is 0 for all where none takes requests, and empty without servers", () => {
  assertEquals(shares({ weight: 0 }, { draining: true }), [0, 0]);
  assertEquals(shares(), []);
});
