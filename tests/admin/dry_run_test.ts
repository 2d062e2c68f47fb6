import { assertAlmostEquals, assertEquals } from "@std/assert";
import { LoadBalancer, type ServerKey } from "../../mod.ts";
import type { DryRunJson } from "../../src/admin/dry_run.ts";
import { AdminCaller, serverPath } from "../testing/admin_caller.ts";

const A = "http://127.0.0.1:3001";
const B = "http://127.0.0.1:3002";
const C = "http://127.0.0.1:3003";

function setUp(): { balancer: LoadBalancer; admin: AdminCaller } {
  const balancer = new LoadBalancer({
    servers: [
      { url: A, name: "a", weight: 1, healthCheckPeriod: 0 },
      { url: B, name: "b", weight: 3, healthCheckPeriod: 0 },
    ],
  });
  return { balancer, admin: new AdminCaller(balancer) };
}

/** Each change, and the shares after it. */
const CHANGES: [
  call: [method: string, path: string, body?: unknown],
  shares: Record<string, [before: number, after: number]>,
][] = [
  [["POST", "/add", { url: C, weight: 4 }], { a: [0.25, 0.125], b: [0.75, 0.375], c: [0, 0.5] }],
  [["POST", "/update", { url: A, weight: 3 }], { a: [0.25, 0.5], b: [0.75, 0.5] }],
  [["POST", "/delete", { url: B, drain: 1 }], { a: [0.25, 1], b: [0.75, 0] }],
  [["PUT", serverPath(A), { weight: 9, name: "a" }], { a: [0.25, 0.75], b: [0.75, 0.25] }],
  [["PUT", serverPath(C), { weight: 4, name: "c" }], {
    a: [0.25, 0.125],
    b: [0.75, 0.375],
    c: [0, 0.5],
  }],
  [["PATCH", serverPath("b"), { weight: 1 }], { a: [0.25, 0.5], b: [0.75, 0.5] }],
  [["PATCH", serverPath("b"), { weight: null }], { a: [0.25, 0.5], b: [0.75, 0.5] }],
  [["DELETE", serverPath(A)], { a: [0.25, 0], b: [0.75, 1] }],
  [["POST", `${serverPath("b")}/drain`], { a: [0.25, 1], b: [0.75, 0] }],
  [["POST", `${serverPath("b")}/enable`], { a: [0.25, 0.25], b: [0.75, 0.75] }],
  [["POST", `${serverPath("b")}/check`], { a: [0.25, 0.25], b: [0.75, 0.75] }],
];

for (const [[method, path, body], shares] of CHANGES) {
  const what = `${method} ${decodeURIComponent(path)} ${JSON.stringify(body) ?? ""}`.trim();

  Deno.test(`dry_run: ${what} predicts the effect, changes nothing, and the prediction holds`, async () => {
    const { balancer, admin } = setUp();
    await using _ = balancer;
    const [before, latest] = [balancer.servers(), balancer.events.latest];
    const named = method === "POST" && body !== undefined
      ? { health_check_period: 0, name: "c" }
      : {};
    const sent = path === "/add" ? { ...named, ...body as object } : body;
    const init = sent === undefined ? {} : { body: sent };
    const { status, json } = await admin.call(method, `${path}?dry_run=true`, init);
    const told = json as DryRunJson;
    assertEquals([status, told.dry_run], [200, true]);
    assertEquals([balancer.servers(), balancer.events.latest], [before, latest]);
    assertEquals(
      Object.fromEntries(told.shares.map(({ name, before, after }) => [name, [before, after]])),
      shares,
    );
    if (path.endsWith("/check")) return;
    const made = await admin.call(method, `${path}?dry_run=false`, init);
    const isRemoval = method === "DELETE" || path === "/delete";
    assertEquals(made.json, isRemoval ? told.before : told.after);
  });
}

Deno.test("dry_run fails with the same error as the change", async () => {
  const { balancer, admin } = setUp();
  await using _ = balancer;
  const before = balancer.servers();
  const calls: [method: string, path: string, body?: unknown][] = [
    ["POST", "/add", { url: `${A}/` }],
    ["POST", "/add", { url: "nonsense", weight: -1 }],
    ["POST", "/update", { url: C }],
    ["POST", "/update", { url: A, weight: 0.5 }],
    ["POST", "/delete", { url: C }],
    ["POST", "/delete", { url: A, drain: -1 }],
    ["PUT", serverPath("nobody"), {}],
    ["PUT", serverPath(A), { url: B }],
    ["PATCH", serverPath(C), {}],
    ["PATCH", serverPath(A), { weight: "1" }],
    ["DELETE", serverPath(C)],
    ["POST", `${serverPath(C)}/drain`],
    ["POST", `${serverPath(C)}/check`],
  ];
  for (const [method, path, body] of calls) {
    const init = body === undefined ? {} : { body };
    const dry = await admin.call(method, `${path}?dry_run=true`, init);
    const real = await admin.call(method, path, init);
    assertEquals([dry.status, dry.json], [real.status, real.json], `${method} ${path}`);
  }
  const headers = { "if-match": '"other"' };
  const { status } = await admin.call("DELETE", `${serverPath(A)}?dry_run=true`, { headers });
  assertEquals(status, 412);
  assertEquals(balancer.servers(), before);
});

Deno.test("dry_run counts a server whose checks are turned off as healthy", async () => {
  const { balancer } = setUp();
  await using _ = balancer;
  const servers = balancer.servers().map((server) =>
    server.url === A ? { ...server, healthy: false, healthCheckPeriod: 5 } : server
  );
  const admin = new AdminCaller(Object.assign(balancer, {
    servers: () => servers,
    find: (key: ServerKey) => servers.filter(({ url }) => url === key.url),
  }));
  const path = `${serverPath(A)}?dry_run=true`;
  for (const [period, after] of [[6, 0], [0, 0.25]] as const) {
    const body = { health_check_period: period };
    const { json } = await admin.call("PATCH", path, { body });
    assertEquals(json.shares[0].before, 0);
    assertAlmostEquals(json.shares[0].after, after);
  }
});
