import { assert, assertEquals } from "@std/assert";
import { Validator } from "@seriousme/openapi-schema-validator";
import denoJson from "../../deno.json" with { type: "json" };
import { BalancerError, type ErrorCode, LoadBalancer } from "../../mod.ts";
import type { AdminCluster } from "../../src/admin/target.ts";
import { AdminCaller, type AdminCallInit, serverPath } from "../testing/admin_caller.ts";
import { DnsServer } from "../testing/dns_server.ts";
import { CLUSTER_JSON, fleet } from "../testing/scripted_cluster.ts";
import { describedRoutes, OpenApiDocument } from "../testing/openapi_document.ts";

const A = "http://127.0.0.1:3001";
/** A source, and a server that it has discovered. */
const ENTRY = "http://api.test:3001";
const FOUND = "http://127.0.0.2:3001";
const MISSING = "http://127.0.0.1:3009";
const ONE = "/servers/{server}";

const DOCUMENT = new OpenApiDocument();

Deno.test("GET /openapi.json is a valid OpenAPI 3.1 document", async () => {
  await using balancer = new LoadBalancer();
  const { json } = await new AdminCaller(balancer).call("GET", "/openapi.json");
  assertEquals(json, new OpenApiDocument().json);
  const { valid, errors } = await new Validator().validate(structuredClone(json));
  assert(valid, JSON.stringify(errors));
  assertEquals(json.info.version, denoJson.version);
});

Deno.test("the validator of OpenAPI documents finds a fault", async () => {
  const { json } = new OpenApiDocument();
  delete json.paths["/add"].post.responses;
  json.paths["/add"].post.nonsense = 1;
  assertEquals((await new Validator().validate(json)).valid, false);
});

Deno.test("GET /openapi.json describes every route in full", () => {
  const { json } = new OpenApiDocument();
  const routes = Object.entries(describedRoutes());
  assertEquals(Object.keys(json.paths), routes.map(([path]) => path));
  for (const [path, methods] of routes) {
    for (const method of Object.keys(methods)) {
      const { summary, responses } = json.paths[path][method.toLowerCase()];
      assert(/^[A-Z].*[^.]$/.test(summary), `${method} ${path}: ${summary}`);
      const successes = Object.keys(responses).filter((status) => /^[23]/.test(status));
      assert(successes.length > 0, `${method} ${path} has no answer`);
      assert(responses.default !== undefined);
    }
    const names = [...path.matchAll(/\{(.*?)\}/g)].map(([, name]) => name);
    const parameters = json.paths[path].parameters ?? [];
    assertEquals(parameters.map(({ name }: { name: string }) => name), names);
    for (const { description } of parameters) assert(description?.length > 0, path);
  }
  assertEquals(JSON.stringify(json).includes("$defs"), false);
});

/** A call for every status of every operation. */
const CALLS: [method: string, route: string, path: string, status: number, init?: AdminCallInit][] =
  [
    ["GET", "/healthz", "/healthz", 200],
    ["GET", "/servers", "/servers", 200],
    ["GET", "/stats", "/stats", 200],
    ["GET", "/events", "/events?follow=false", 200],
    ["GET", "/events", "/events?last=-1", 400],
    ["GET", "/metrics", "/metrics", 200],
    ["GET", "/decisions", "/decisions", 200],
    ["GET", "/decisions", "/decisions?limit=0", 400],
    ["PUT", "/decisions", "/decisions", 200, { body: { keep: 1 } }],
    ["PUT", "/decisions", "/decisions", 400, { body: { keep: -1 } }],
    ["PUT", "/decisions", "/decisions", 413, { body: "x".repeat(70_000) }],
    ["PUT", "/decisions", "/decisions", 415, {
      body: "",
      headers: { "content-type": "text/html" },
    }],
    ["GET", "/discovery", "/discovery", 200],
    ["GET", "/discovery", "/discovery?a=b", 400],
    ["GET", "/fleet", "/fleet", 404],
    ["GET", "/fleet", "/fleet?a=b", 400],
    ["POST", "/accept-servers", "/accept-servers", 404],
    ["POST", "/accept-servers", "/accept-servers?a=b", 400],
    ["GET", "/config", "/config", 200],
    ["GET", "/config", "/config?a=b", 400],
    ["GET", "/openapi.json", "/openapi.json", 200],
    ["GET", "/openapi.json", "/openapi.json?a=b", 400],
    ["POST", "/add", "/add", 200, { body: { url: MISSING, health_check_period: 0 } }],
    ["POST", "/add", "/add?dry_run=true", 200, { body: { url: MISSING } }],
    ["POST", "/update", "/update", 200, { body: { url: A, weight: 3 } }],
    ["POST", "/update", "/update?dry_run=true", 200, { body: { url: A, weight: 3 } }],
    ["POST", "/update", "/update", 404, { body: { url: MISSING } }],
    ["POST", "/delete", "/delete", 200, { body: A }],
    ["POST", "/delete", "/delete?dry_run=true", 200, { body: { url: A } }],
    ["POST", "/delete", "/delete", 404, { body: { url: MISSING } }],
    ["POST", "/add", "/add", 409, { body: { url: A } }],
    ["POST", "/add", "/add", 200, { body: { url: "http://new.test", discover: "dns" } }],
    ["POST", "/update", "/update", 200, { body: { url: ENTRY, weight: 3 } }],
    ["POST", "/update", "/update", 409, { body: { url: FOUND, weight: 3 } }],
    ["POST", "/delete", "/delete", 200, { body: ENTRY }],
    ["POST", "/delete", "/delete", 409, { body: FOUND }],
    ["GET", ONE, serverPath(ENTRY), 200],
    ["GET", ONE, serverPath(FOUND), 200],
    ["PATCH", ONE, `${serverPath(ENTRY)}?dry_run=true`, 200, { body: { weight: 3 } }],
    ...["/add", "/update", "/delete"].flatMap((path): typeof CALLS => [
      ["POST", path, path, 400, { body: { weight: -1 } }],
      ["POST", path, path, 413, { body: "x".repeat(70_000) }],
      ["POST", path, path, 415, { body: "", headers: { "content-type": "text/html" } }],
    ]),
    ["GET", ONE, serverPath(A), 200],
    ["GET", ONE, serverPath(A), 304, { headers: { "if-none-match": "*" } }],
    ["PUT", ONE, serverPath(A), 200, { body: {} }],
    ["PUT", ONE, serverPath(MISSING), 201, { body: { health_check_period: 0 } }],
    ["PATCH", ONE, serverPath(A), 200, { body: { weight: null } }],
    ["DELETE", ONE, serverPath(A), 200],
    ...["GET", "PUT", "PATCH", "DELETE"].flatMap((method): typeof CALLS => {
      const body = method === "PUT" || method === "PATCH" ? { body: {} } : {};
      return [
        [method, ONE, `${serverPath(A)}?a=b`, 400, body],
        [method, ONE, "/servers/nobody", 404, body],
        [method, ONE, "/servers/same", 409, body],
        [method, ONE, serverPath(A), 412, { ...body, headers: { "if-match": '"a"' } }],
      ];
    }),
    ...["PUT", "PATCH"].flatMap((method): typeof CALLS => [
      [method, ONE, serverPath(A), 413, { body: "x".repeat(70_000) }],
      [method, ONE, serverPath(A), 415, { body: "", headers: { "content-type": "text/html" } }],
      [method, ONE, `${serverPath(A)}?dry_run=true`, 200, { body: {} }],
    ]),
    ...["drain", "enable", "check"].flatMap((action): typeof CALLS => {
      const route = `${ONE}/${action}`;
      return [
        ["POST", route, `${serverPath(A)}/${action}`, 200],
        ["POST", route, `${serverPath(A)}/${action}?dry_run=true`, 200],
        ["POST", route, `${serverPath(A)}/${action}?a=b`, 400],
        ["POST", route, `/servers/nobody/${action}`, 404],
        ["POST", route, `/servers/same/${action}`, 409],
      ];
    }),
    ...["drain", "enable"].map((action): typeof CALLS[number] => {
      const headers = { "if-match": '"a"' };
      return ["POST", `${ONE}/${action}`, `${serverPath(A)}/${action}`, 412, { headers }];
    }),
  ];

for (const [method, route, path, status, init] of CALLS) {
  Deno.test(`${method} ${path.slice(0, 60)} ${status} is as /openapi.json says`, async () => {
    await using dns = await DnsServer.start(["tcp"]);
    dns.setAddresses("api.test", 300, ["127.0.0.2"]);
    const servers = ["http://b", "http://c", A].map((url) => ({
      url,
      name: url === A ? "one" : "same",
      healthCheckPeriod: 0,
    }));
    await using balancer = new LoadBalancer({
      servers: [...servers, { url: ENTRY, discover: "dns", healthCheckPeriod: 0 }],
      dns: { server: dns.address },
    });
    await balancer.settled();
    const response = await new AdminCaller(balancer).raw(method, path, init);
    assertEquals(response.status, status);
    // `default` is for refusals that any operation can get.
    assert(DOCUMENT.statuses(method, route).includes(String(status)));
    await DOCUMENT.assertDescribed(response, method, route);
  });
}

/** Every change of servers in a cluster. */
const CHANGES: [method: string, route: string, path: string, init?: AdminCallInit][] = [
  ["POST", "/add", "/add", { body: { url: MISSING } }],
  ["POST", "/update", "/update", { body: { url: A } }],
  ["POST", "/delete", "/delete", { body: A }],
  ["PUT", ONE, serverPath(A), { body: {} }],
  ["PATCH", ONE, serverPath(A), { body: {} }],
  ["DELETE", ONE, serverPath(A)],
  ["POST", `${ONE}/drain`, `${serverPath(A)}/drain`],
  ["POST", `${ONE}/enable`, `${serverPath(A)}/enable`],
];

/** Refusals of such a change. */
const REFUSALS: [code: ErrorCode, status: number][] = [
  ["conflict", 409],
  ["unavailable", 503],
  ["unconfirmed", 504],
];

/** A cluster that refuses every change. */
function refusing(code: ErrorCode): AdminCluster {
  const refuse = () => Promise.reject(new BalancerError(code, "Cannot do it: a test says so"));
  const report = { kind: "etcd", connected: true, since: new Date(0), error: undefined } as const;
  return {
    add: refuse,
    update: refuse,
    remove: refuse,
    acceptServers: refuse,
    report: fleet,
    registry: { ...report, revision: 7, warnings: [], faults: [] },
  };
}

for (const [code, status] of REFUSALS) {
  Deno.test(`every change can be ${status} ${code}, as /openapi.json says`, async () => {
    await using balancer = new LoadBalancer({ servers: [{ url: A, healthCheckPeriod: 0 }] });
    const admin = new AdminCaller(balancer, { cluster: refusing(code) });
    for (const [method, route, path, init] of CHANGES) {
      const response = await admin.raw(method, path, init);
      assertEquals(response.status, status, `${method} ${path}`);
      await DOCUMENT.assertDescribed(response, method, route);
    }
  });
}

Deno.test("/healthz and /stats in a cluster are as /openapi.json says", async () => {
  await using balancer = new LoadBalancer({ servers: [{ url: A, healthCheckPeriod: 0 }] });
  const faults = Array.from(
    { length: 101 },
    (_, i) => ({ key: `k${i}`, revision: 3, message: "x" }),
  );
  for (const error of [undefined, "it is down"]) {
    const report = { kind: "etcd", connected: error === undefined, error, revision: 7 } as const;
    const since = new Date(0);
    const warnings = [{ code: "held_removals", message: "it has lost one" } as const];
    const heldRemovals = { urls: [A], since, until: since };
    const registry = { ...report, since, heldRemovals, warnings, faults };
    const admin = new AdminCaller(balancer, { cluster: { ...refusing("closed"), registry } });
    for (const route of ["/healthz", "/stats"]) {
      const response = await admin.raw("GET", route);
      await DOCUMENT.assertDescribed(response.clone(), "GET", route);
      const told = (await response.json()).registry;
      assertEquals([told.fault_count, told.revision], [102, 7]);
      assertEquals(told.held_removals.urls, route === "/stats" ? [A] : undefined);
      // Anyone may read /healthz, while errors have the address of etcd, and keys the URLs of servers.
      assertEquals(told.error, route === "/stats" ? error ?? null : undefined);
      assertEquals(told.faults?.length, route === "/stats" ? 100 : undefined);
    }
  }
});

Deno.test("GET /fleet in a cluster is as /openapi.json says", async () => {
  await using balancer = new LoadBalancer();
  const admin = new AdminCaller(balancer, { cluster: refusing("closed") });
  const response = await admin.raw("GET", "/fleet");
  await DOCUMENT.assertDescribed(response.clone(), "GET", "/fleet");
  assertEquals(await response.json(), CLUSTER_JSON);
});

Deno.test("POST /accept-servers in a cluster is as /openapi.json says", async () => {
  await using balancer = new LoadBalancer();
  const [method, path] = ["POST", "/accept-servers"] as const;
  const acceptServers = () => Promise.resolve([A]);
  const admin = new AdminCaller(balancer, { cluster: { ...refusing("closed"), acceptServers } });
  const response = await admin.raw(method, path);
  await DOCUMENT.assertDescribed(response.clone(), method, path);
  assertEquals(await response.json(), { accepted: [A] });
  for (const [code, status] of REFUSALS.slice(1)) {
    const refused = await new AdminCaller(balancer, { cluster: refusing(code) }).raw(method, path);
    assertEquals(refused.status, status);
    await DOCUMENT.assertDescribed(refused, method, path);
  }
});

Deno.test("these tests see every status that /openapi.json describes", () => {
  const seen = new Set(CALLS.map(([method, route, , status]) => `${method} ${route} ${status}`));
  seen.add("GET /fleet 200");
  for (const status of [200, 503, 504]) seen.add(`POST /accept-servers ${status}`);
  for (const [method, route] of CHANGES) {
    for (const [, status] of REFUSALS) seen.add(`${method} ${route} ${status}`);
  }
  for (const [path, methods] of Object.entries(describedRoutes())) {
    for (const method of Object.keys(methods)) {
      for (const status of DOCUMENT.statuses(method, path)) {
        if (status !== "default") {
          assert(seen.has(`${method} ${path} ${status}`), `${method} ${path} ${status}`);
        }
      }
    }
  }
});
