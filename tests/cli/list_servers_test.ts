import { assertEquals } from "@std/assert";
import { createAdmin, type LoadBalancer, type ServerStatus } from "../../mod.ts";
import { completeServer } from "../../src/model/server.ts";
import { runCli } from "../testing/run_cli.ts";

const SERVER: ServerStatus = {
  ...completeServer({ url: "http://a", healthCheckPeriod: 0 }),
  healthy: true,
  active: 0,
  ejection: undefined,
  lastCheck: undefined,
};

const UNTIL = new Date("2026-01-02T03:04:05Z");

/** The output of `list-servers` for these servers. */
async function list(servers: readonly ServerStatus[]): Promise<string[]> {
  const admin = createAdmin(
    { servers: () => [...servers], discovery: () => [] } as unknown as LoadBalancer,
  );
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    admin.fetch,
  );
  const { stdout } = await runCli("list-servers", "--api-port", String(server.addr.port));
  return stdout.trimEnd().split("\n");
}

Deno.test("list-servers says which servers are out, why and until when", async () => {
  const ejection = { why: "3 responses failed in a row: HTTP 500", until: UNTIL, onTrial: false };
  const lines = await list([
    SERVER,
    { ...SERVER, url: "http://b", name: "b", ejection },
    { ...SERVER, url: "http://c", name: "c", ejection: { ...ejection, onTrial: true } },
    { ...SERVER, url: "http://d", name: "d\x1b", healthy: false, ejection },
    { ...SERVER, url: "http://e", name: "e", draining: true },
    { ...SERVER, url: "http://f", name: "f", draining: true, healthy: false },
  ]);
  assertEquals(lines, [
    "NAME  URL       WEIGHT  PERIOD  HEALTH               ACTIVE  LAST CHECK",
    "a     http://a  1       off     healthy              0       none yet",
    "b     http://b  1       off     EJECTED              0       none yet",
    "c     http://c  1       off     PROBING              0       none yet",
    "d\ufffd    http://d  1       off     UNHEALTHY            0       none yet",
    "e     http://e  1       off     healthy, draining    0       none yet",
    "f     http://f  1       off     UNHEALTHY, draining  0       none yet",
    "b: ejected until 2026-01-02T03:04:05.000Z: 3 responses failed in a row: HTTP 500",
    "c: probing with one request at a time: 3 responses failed in a row: HTTP 500",
    "d\ufffd: ejected until 2026-01-02T03:04:05.000Z: 3 responses failed in a row: HTTP 500",
  ]);
});
