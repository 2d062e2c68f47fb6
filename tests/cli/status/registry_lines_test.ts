import { assertEquals } from "@std/assert";
import { registryLines } from "../../../src/cli/status/registry_lines.ts";

Deno.test("registryLines() names the servers that are missing under the warning about them", () => {
  const urls = ["http://a", "http://b", "http://c", "http://d"];
  const at = "2026-01-02T03:04:05.678Z";
  const { lines, trouble } = registryLines({
    kind: "etcd",
    connected: true,
    since: at,
    error: null,
    revision: 7,
    fault_count: 3,
    warnings: [
      { code: "held_removals", message: "servers are lost" },
      { code: "out_of_space", message: "there is no space" },
    ],
    held_removals: { count: 4, since: at, until: at, urls },
    faults: [{ key: "/k", revision: 1, message: "is no server" }],
  });
  assertEquals(lines, [
    "etcd connected since 2026-01-02 03:04:05 UTC, revision 7",
    "WARNING: servers are lost",
    "  missing: http://a",
    "  missing: http://b",
    "  missing: http://c",
    "  … and 1 more",
    "WARNING: there is no space",
    "etcd has invalid values:",
    "  /k: is no server",
  ]);
  assertEquals(trouble, true);
});
