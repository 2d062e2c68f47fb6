import { assertEquals, assertThrows } from "@std/assert";
import { parseConfig } from "../../src/config/config.ts";
import { BalancerError } from "../../src/model/errors.ts";

Deno.test("parseConfig() reads a list of servers", () => {
  const config = parseConfig(`
- url: http://127.0.0.1:3001
  name: one
  weight: 2
  health_check_period: 5
- url: https://example.com/app
`);
  assertEquals(config, {
    servers: [
      { url: "http://127.0.0.1:3001", name: "one", weight: 2, healthCheckPeriod: 5 },
      { url: "https://example.com/app" },
    ],
    healthCheck: {},
  });
});

Deno.test("parseConfig() reads a mapping with servers and every setting", () => {
  const config = parseConfig(`
host: "::1"
port: 8080
api_host: 127.0.0.1
api_port: 8001
grace_period: 2.5
health_check:
  path: /healthz
  timeout: 0.5
  min_status: 200
  max_status: 204
  rise: 2
  fall: 3
servers:
  - url: http://127.0.0.1:3001
    weight: 0
    health_check_period: 4294967295
`);
  assertEquals(config, {
    host: "::1",
    port: 8080,
    apiHost: "127.0.0.1",
    apiPort: 8001,
    gracePeriod: 2.5,
    healthCheck: {
      path: "/healthz",
      timeout: 0.5,
      minStatus: 200,
      maxStatus: 204,
      rise: 2,
      fall: 3,
    },
    servers: [{ url: "http://127.0.0.1:3001", weight: 0, healthCheckPeriod: 4294967295 }],
  });
});

Deno.test("parseConfig() reads sources, and the name server for them", () => {
  const config = parseConfig(`
dns: { server: "[::1]:8600", timeout: 0.5, attempts: 2 }
servers:
  - { url: "http://api.default.svc:8080", discover: dns }
  - { url: "https://_api._tcp.service.consul", discover: dns-srv }
`);
  assertEquals(config, {
    dns: { server: "[::1]:8600", timeout: 0.5, attempts: 2 },
    healthCheck: {},
    servers: [
      { url: "http://api.default.svc:8080", discover: "dns" },
      { url: "https://_api._tcp.service.consul", discover: "dns-srv" },
    ],
  });
  assertEquals(parseConfig("dns: {}").dns, {});
});

Deno.test("parseConfig() fills in no defaults", () => {
  assertEquals(parseConfig("port: 8080"), { port: 8080, servers: [], healthCheck: {} });
});

Deno.test("parseConfig() reads JSON, which is YAML too", () => {
  const { servers } = parseConfig('[{"url": "http://127.0.0.1:3001", "weight": 3}]');
  assertEquals(servers, [{ url: "http://127.0.0.1:3001", weight: 3 }]);
});

Deno.test("parseConfig() reads a file without content as no servers", () => {
  const nothing = { servers: [], healthCheck: {} };
  for (const text of ["", "\n", "# only a comment\n", "---\n", "~", "[]"]) {
    assertEquals(parseConfig(text), nothing, JSON.stringify(text));
  }
});

Deno.test("parseConfig() keeps the spelling of a URL and the order of the servers", () => {
  const { servers } = parseConfig("- url: HTTP://Example.com:80/\n- url: http://a\n");
  assertEquals(servers.map(({ url }) => url), ["HTTP://Example.com:80/", "http://a"]);
});

Deno.test("parseConfig() names the source of the text in the error", () => {
  const error = assertThrows(() => parseConfig("port: 0", "balancer.yaml"), BalancerError);
  assertEquals(error.code, "invalid");
  assertEquals(error.source, "downstream");
  assertEquals(
    error.message,
    "Cannot use balancer.yaml: port must be a whole number from 1 to 65535; not 0",
  );
});

Deno.test("parseConfig() puts every fault into the message", () => {
  const error = assertThrows(() => parseConfig("port: 0\nhost: 1\n"), BalancerError);
  assertEquals(
    error.message,
    "Cannot use the configuration: " +
      "host must be a host name or an IP address to listen on; not 1; " +
      "port must be a whole number from 1 to 65535; not 0",
  );
});

Deno.test("parseConfig() refuses a status range in which nothing passes", () => {
  const text = "health_check: { min_status: 400 }";
  const error = assertThrows(() => parseConfig(text), BalancerError);
  assertEquals(error.faults.map(({ path }) => path), ["health_check.min_status"]);
});

Deno.test("parseConfig() refuses a text without servers if they are required", () => {
  for (const text of ["", "# nothing\n", "~", "{}", "port: 8080"]) {
    const error = assertThrows(
      () => parseConfig(text, "it", { requireServers: true }),
      BalancerError,
      "use `servers: []` to remove all",
    );
    assertEquals(error.faults.map(({ path }) => path), ["servers"]);
  }
  for (const text of ["servers: []", "[]"]) {
    assertEquals(parseConfig(text, "it", { requireServers: true }).servers, []);
  }
  const etcd = "etcd: { endpoints: [http://a:2379] }";
  assertEquals(parseConfig(etcd, "it", { requireServers: "without_etcd" }).servers, []);
  for (const [text, requireServers] of [[etcd, true], ["", "without_etcd"]] as const) {
    assertThrows(
      () => parseConfig(text, "it", { requireServers }),
      BalancerError,
      "use `servers: []` to remove all",
    );
  }
  const faults = assertThrows(
    () => parseConfig("port: 0\nhealth_check: { min_status: 400 }", "it", { requireServers: true }),
    BalancerError,
  ).faults;
  assertEquals(faults.map(({ path }) => path).sort(), [
    "health_check.min_status",
    "port",
    "servers",
  ]);
});
