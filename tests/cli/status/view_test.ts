import { assert, assertEquals } from "@std/assert";
import type { StatsJson } from "../../../src/admin/stats.ts";
import { renderStatus, type ViewOptions } from "../../../src/cli/status/view.ts";
import { textWidth } from "../../../src/cli/output/text_width.ts";
import { SERVER_STATS, STATS } from "../../testing/stats.ts";

const PLAIN: ViewOptions = { width: Infinity, height: Infinity, colors: false, history: [] };

const FAILED = { at: "2025-12-31T23:58:00.000Z", passed: false, detail: "refused", duration_ms: 1 };
const UNHEALTHY = {
  ...SERVER_STATS,
  ...{
    url: "http://b",
    name: "日本",
    state: "unhealthy",
    reason: "refused",
    share: 0.051,
  } as const,
  ...{ requests_per_second: 0, p50_ms: null, p99_ms: null, last_check: FAILED },
};
const HOSTILE = {
  ...SERVER_STATS,
  name: "\u001b[31mx\n\u202ey",
  reason: "\u009b2J\r".repeat(50),
  state: "ejected",
  last_check: null,
} as const;

Deno.test("renderStatus() shows everything where there is room", () => {
  assertEquals(renderStatus({ ...STATS, servers: [SERVER_STATS, UNHEALTHY] }, PLAIN), [
    "Ballast 1.2.3, up 1 h 1 min, 2 workers, 2026-01-01 00:00:00 UTC",
    "25.0 requests/s, 0.5 errors/s, p50 1.5 ms, p99 - (over 10 s)",
    "active 3, waiting 1; total: 1000 requests, 4 refused, sent 1.0 kB, received 2.5 MB",
    "",
    "NAME  URL                    STATE               ACTIVE  WEIGHT  SHARE  REQ/S  ERR/S     P50    P99  LAST CHECK",
    "one   http://127.0.0.1:3001  up                       3       2   50 %   12.3    0.0  1.5 ms  20 ms  2 s ago: HTTP 200",
    "日本  http://b               unhealthy: refused       3       2  5.1 %    0.0    0.0       -      -  2 min 0 s ago: FAILED, refused",
  ]);
});

Deno.test("renderStatus() cuts what can be cut, and leaves out what matters least", () => {
  const stats = { ...STATS, servers: [SERVER_STATS, UNHEALTHY] };
  assertEquals(
    renderStatus(stats, { ...PLAIN, width: 95 }).slice(4),
    [
      "NAME  URL                STATE               ACTIVE  WEIGHT  SHARE  REQ/S  ERR/S     P50    P99",
      "one   http://127.0.0.1…  up                       3       2   50 %   12.3    0.0  1.5 ms  20 ms",
      "日本  http://b           unhealthy: refused       3       2  5.1 %    0.0    0.0       -      -",
    ].map((line) => line),
  );
  assertEquals(renderStatus(stats, { ...PLAIN, width: 40 }), [
    "Ballast 1.2.3, up 1 h 1 min, 2 workers,…",
    "25.0 requests/s, 0.5 errors/s, p50 1.5 …",
    "active 3, waiting 1; total: 1000 reques…",
    "",
    "NAME  STATE               REQ/S  ERR/S",
    "one   up                   12.3    0.0",
    "日本  unhealthy: refused    0.0    0.0",
  ]);
  assertEquals(renderStatus(stats, { ...PLAIN, width: 3 }).slice(4), ["NA…", "one", "日…"]);
});

Deno.test("renderStatus() fits every size, whatever the servers are called", () => {
  const servers = [SERVER_STATS, UNHEALTHY, HOSTILE, { ...UNHEALTHY, name: "日".repeat(300) }];
  for (let width = 1; width <= 200; width++) {
    const height = width % 12 + 1;
    const history = Array.from({ length: 60 }, (_, i) => i);
    for (const problem of [undefined, `Cannot reach\n\u001b[31m${"x".repeat(300)}`]) {
      const options = { width, height, colors: false, history, problem };
      const lines = renderStatus({ ...STATS, servers }, options);
      assert(lines.length <= height, `${lines.length} lines of ${height}`);
      for (const line of lines) {
        assert(textWidth(line) <= width, `"${line}" is wider than ${width}`);
        // deno-lint-ignore no-control-regex
        assert(!/[\u0000-\u001f\u007f-\u009f\u202e]/.test(line), JSON.stringify(line));
      }
    }
  }
});

Deno.test("renderStatus() says how many servers there is no room for", () => {
  const servers = Array.from({ length: 30 }, (_, i) => ({ ...SERVER_STATS, name: `s${i}` }));
  const lines = renderStatus({ ...STATS, servers }, { ...PLAIN, height: 10 });
  assertEquals(lines.map((line) => line.slice(0, 4).trim()), [
    ...["Ball", "25.0", "acti", "", "NAME", "s0", "s1", "s2", "s3", "… an"],
  ]);
  assertEquals(lines.at(-1), "… and 26 more: ballast status --once");
});

Deno.test("renderStatus() shows the past as bars, as many as there is room for", () => {
  const history = [0, 1, 2, 3, 4, 5, 6, 7, 8, 8];
  const line = (width: number) => renderStatus(STATS, { ...PLAIN, width, history })[1]!;
  const text = "25.0 requests/s, 0.5 errors/s, p50 1.5 ms, p99 - (over 10 s)";
  assertEquals(line(Infinity), `${text}  ▁▁▂▃▄▅▆▇██`);
  assertEquals(line(text.length + 12), `${text}  ▁▁▂▃▄▅▆▇██`);
  assertEquals(line(text.length + 10), `${text}  ▂▃▄▅▆▇██`);
  assertEquals(line(text.length + 9), text);
});

Deno.test("renderStatus() says that the balancer is gone, in red", () => {
  const problem = "Cannot reach it";
  assertEquals(renderStatus(STATS, { ...PLAIN, problem })[3], problem);
  const lines = renderStatus(STATS, { ...PLAIN, problem, colors: true });
  assertEquals(lines[3], "\x1b[31mCannot reach it\x1b[0m");
});

Deno.test("renderStatus() gives states colours, which take no columns", () => {
  const states = { up: 32, draining: 33, on_trial: 33, ejected: 31, unhealthy: 31 } as const;
  for (const [state, color] of Object.entries(states)) {
    const servers = [{ ...SERVER_STATS, state: state as "up", reason: "\u001b[7m" }];
    const [line] = renderStatus({ ...STATS, servers }, { ...PLAIN, colors: true }).slice(5);
    const text = `${state === "on_trial" ? "probing" : state}: \ufffd[7m`;
    assertEquals(line!.includes(`  \x1b[${color}m${text}\x1b[0m  `), true, line);
    const plain = renderStatus({ ...STATS, servers }, PLAIN)[5];
    assertEquals(line!.replace(`\x1b[${color}m`, "").replace("\x1b[0m", ""), plain);
  }
});

Deno.test("renderStatus() says where there are no servers, and no counts", () => {
  const { total } = STATS;
  const empty = { ...STATS, servers: [], metrics: false, workers: 1, total };
  assertEquals(renderStatus(empty, PLAIN), [
    "Ballast 1.2.3, up 1 h 1 min, 1 worker, 2026-01-01 00:00:00 UTC",
    "active 3, waiting 1; no request counts (metrics: false)",
    "",
    "There are no servers. Add one: ballast add-server --url URL",
  ]);
});

Deno.test("renderStatus() tells how what several balancers share is reached, and by how many", () => {
  const registry = {
    ...{ kind: "etcd", connected: true, since: "2026-01-01T00:00:00.000Z", error: null } as const,
    ...{ revision: 7, fault_count: 0, warnings: [], faults: [] },
  };
  const line = (more: object) =>
    renderStatus({ ...STATS, registry: { ...registry, ...more } }, PLAIN)
      .find((text) => text.startsWith("etcd "));
  assertEquals([{}, { balancers: 1 }, { balancers: 3 }].map(line), [
    "etcd connected since 2026-01-01 00:00:00 UTC, revision 7",
    "etcd connected since 2026-01-01 00:00:00 UTC, revision 7, 1 balancer",
    "etcd connected since 2026-01-01 00:00:00 UTC, revision 7, 3 balancers",
  ]);
});

Deno.test("renderStatus() says how the balancer is connected to what several share", () => {
  const registry = {
    kind: "etcd",
    connected: true,
    since: "2025-12-31T23:59:00.000Z",
    error: null,
    revision: 7,
    fault_count: 0,
    warnings: [],
    faults: [],
  } as const;
  const lines = (told: StatsJson["registry"], colors = false) =>
    renderStatus({ ...STATS, registry: told }, { ...PLAIN, colors }).slice(3, -3);
  assertEquals(lines(undefined), []);
  assertEquals(lines(registry), ["etcd connected since 2025-12-31 23:59:00 UTC, revision 7"]);
  const away = { ...registry, connected: false, error: "it is\u001b[2J down" };
  assertEquals(lines(away), [
    "etcd DISCONNECTED since 2025-12-31 23:59:00 UTC, changes are refused: it is\ufffd[2J down",
  ]);
  assertEquals(lines(away, true)[0]!.startsWith("\x1b[31m"), true);
  const faults = ["a", "b", "c", "d"].map((key) => ({ key, revision: 1, message: "is wrong" }));
  assertEquals(lines({ ...registry, fault_count: 200, faults }).slice(1), [
    "etcd has invalid values:",
    "  a: is wrong",
    "  b: is wrong",
    "  c: is wrong",
    "  … and 197 more",
  ]);
  const warnings = [{ code: "out_of_space", message: "it is full" } as const];
  assertEquals(lines({ ...registry, fault_count: 3, warnings, faults }, true).slice(1), [
    "\x1b[31mWARNING: it is full\x1b[0m",
    "\x1b[31metcd has invalid values:\x1b[0m",
    ...["a", "b", "c"].map((key) => `\x1b[31m  ${key}: is wrong\x1b[0m`),
  ]);
});
