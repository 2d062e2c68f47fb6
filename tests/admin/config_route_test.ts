import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { LoadBalancer, parseConfig } from "../../mod.ts";
import { AdminCaller } from "../testing/admin_caller.ts";

const SECRET = "a secret that nobody may see";

async function read(admin: AdminCaller): Promise<string> {
  const response = await admin.raw("GET", "/config");
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("content-type"), "application/yaml");
  assertEquals(response.headers.get("cache-control"), "no-store");
  return await response.text();
}

Deno.test("GET /config makes a balancer with the same servers, in their order", async () => {
  await using balancer = new LoadBalancer({
    servers: [
      { url: "http://b", name: "- x", healthCheckPeriod: 0, draining: true },
      { url: "http://a", name: " yes ", weight: 0, healthCheckPeriod: 0, maxConnections: 3 },
    ],
  });
  balancer.add({ url: "http://c/app", name: "\u{1f600}", healthCheckPeriod: 0 });
  balancer.update("http://b", { weight: 7 });
  const { servers } = parseConfig(await read(new AdminCaller(balancer)));
  await using other = new LoadBalancer({ servers });
  assertEquals(other.servers(), balancer.servers());
});

Deno.test("GET /config has the options of a balancer and its current health check", async () => {
  await using balancer = new LoadBalancer({
    policy: "round_robin",
    timeouts: { keepAlive: 3 },
    retries: { tries: 2 },
    limits: { requestBody: 100 },
    slowStart: 1.5,
    trustedProxies: ["10.0.0.0/8"],
    metrics: false,
    decisions: 7,
    accessLog: { format: "combined", write: () => {} },
    sticky: { secret: SECRET },
    upstreamTls: { serverName: "a.example" },
    healthCheck: { path: "/old" },
  });
  balancer.setHealthCheck({ path: "/new", rise: 2 });
  const text = await read(new AdminCaller(balancer));
  assertEquals(parseConfig(text), {
    servers: [],
    policy: "round_robin",
    timeouts: { keepAlive: 3 },
    retries: { tries: 2 },
    limits: { requestBody: 100 },
    slowStart: 1.5,
    trustedProxies: ["10.0.0.0/8"],
    metrics: false,
    decisions: 7,
    accessLog: "combined",
    sticky: "cookie",
    upstreamTls: { serverName: "a.example" },
    healthCheck: { path: "/new", rise: 2 },
  });
  assert(!text.includes(SECRET));
  assertStringIncludes(text, `# ${new Date().getUTCFullYear()}-`);
});

Deno.test("GET /config leaves out settings that only code can set, and later changes of its caller", async () => {
  const timeouts = { connect: 1 };
  const policy = { pick: () => 0 };
  await using balancer = new LoadBalancer({ policy, timeouts });
  timeouts.connect = 2;
  const config = parseConfig(await read(new AdminCaller(balancer)));
  assertEquals(config, { servers: [], healthCheck: {}, timeouts: { connect: 1 } });
});

Deno.test("GET /config has the settings of the program around the balancer", async () => {
  await using balancer = new LoadBalancer({ metrics: true });
  const settings = {
    port: 8080,
    apiTokenFile: "/etc/token",
    workers: "auto",
    servers: [{ url: "http://no" }],
  } as const;
  const config = parseConfig(await read(new AdminCaller(balancer, { settings })));
  assertEquals(config, {
    servers: [],
    healthCheck: {},
    metrics: true,
    port: 8080,
    apiTokenFile: "/etc/token",
    workers: "auto",
  });
});

Deno.test("GET /config refuses parameters, and needs the token", async () => {
  await using balancer = new LoadBalancer();
  assertEquals((await new AdminCaller(balancer).call("GET", "/config?a")).status, 400);
  const guarded = new AdminCaller(balancer, { token: "a".repeat(16) });
  for (const path of ["/config", "/openapi.json", "/servers/a"]) {
    assertEquals((await guarded.call("GET", path)).status, 401);
  }
});
