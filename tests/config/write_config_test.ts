import { assertEquals, assertStringIncludes } from "@std/assert";
import * as fc from "fast-check";
import { type Config, type LoadBalancer, parseConfig, type ServerInit } from "../../mod.ts";
import { writeConfig } from "../../src/config/write_config.ts";
import { Registry } from "../../src/state/registry.ts";
import { completeServer, type Server } from "../../src/model/server.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { AdminCaller } from "../testing/admin_caller.ts";

/** Names that a YAML parser, a text file or a terminal could take for something else. */
const HOSTILE_NAMES = [
  ["yes", "No", "null", "~", "true", "FALSE", "on", "y", ".inf", ".nan", "1e3", "0x10", "0o17"],
  ["017", "1_000", "190:20:30", "-1", "+1", "2001-12-14", "=", "<<", "- x", "-", "?", "? a", ":"],
  [": ", "a: b", "a:", "a #b", "#", "# a", "&a", "*a", "!a", "!!str 1", "|", ">", "%a", "@a", "`a"],
  [
    "{",
    "}",
    "[",
    "]",
    "{a: b}",
    "[a]",
    ",",
    "'",
    '"',
    "it's",
    'say "a"',
    "\\",
    "\\n",
    "---",
    "...",
  ],
  [" a", "a ", "  ", "a  b", "\u4e16\u754c", "\u{1f600}", "\u00e4", "\ufeffa", "\u2028", "\u2029"],
  ["\u202eabc", "\u00a0", "\u200b", "\ud800", "\udc00a", "\uffff", "n".repeat(255), "__proto__"],
].flat();

const uint32 = fc.oneof(fc.constantFrom(0, 1, 2 ** 32 - 1), fc.nat({ max: 2 ** 32 - 1 }));
const name = fc.oneof(
  fc.constantFrom(...HOSTILE_NAMES),
  fc.string({ unit: "binary", minLength: 1, maxLength: 30 }),
  fc.string({
    unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    minLength: 1,
    maxLength: 30,
  }),
  // deno-lint-ignore no-control-regex
).filter((text) => !/[\u0000-\u001f\u007f-\u009f]/.test(text));
const url = fc.tuple(
  fc.constantFrom(
    "http://127.0.0.1",
    "https://a.example",
    "http://[::1]",
    "http://xn--maana-pta.com",
  ),
  fc.integer({ min: 1, max: 65535 }),
  fc.oneof(
    fc.constantFrom("", "/app", "/%20", "/'", "/a:b", "/#".slice(0, 1), "/[]", "/-~!$&*,;="),
    fc.webPath(),
  ),
).map(([origin, port, path]) => `${origin}:${port}${path}`);
const servers = fc.uniqueArray(
  fc.record({
    url,
    name,
    weight: uint32,
    healthCheckPeriod: uint32,
    maxConnections: uint32,
    draining: fc.boolean(),
  }, { requiredKeys: ["url"] }).map(completeServer),
  { selector: (server) => server.url, maxLength: 8 },
);

/** Makes a registry with these servers, without health checks, which would dial any host. */
function registryOf(list: readonly ServerInit[]): Registry {
  const registry = new Registry(new StateTable(100));
  registry.addAll(list);
  return registry;
}

function configured(registry: Registry): Server[] {
  return registry.entries().map(({ server }) => server);
}

Deno.test("GET /config, saved and read again, makes the same registry", async () => {
  const property = fc.asyncProperty(servers, async (list) => {
    const registry = registryOf(list);
    const target = { config: () => ({ servers: configured(registry), healthCheck: {} }) };
    const admin = new AdminCaller(target as unknown as LoadBalancer);
    const response = await admin.raw("GET", "/config");
    const config = parseConfig(new TextDecoder().decode(await response.bytes()));
    assertEquals(configured(registryOf(config.servers)), configured(registry));
    assertEquals(configured(registry), list);
  });
  await fc.assert(property, { numRuns: 300 });
});

Deno.test("writeConfig() quotes every hostile name, and leaves no invisible characters", () => {
  for (const name of HOSTILE_NAMES) {
    const server = completeServer({ url: "http://a", name });
    const text = writeConfig({ servers: [server], healthCheck: {} });
    assertEquals(parseConfig(text).servers[0]?.name, name);
    const line = text.split("\n").find((line) => line.startsWith("    name: "));
    if (name !== "__proto__" && !/^n+$/.test(name)) assertStringIncludes(line!, 'name: "');
    // The file is UTF-8, which cannot have half of a surrogate pair.
    assertEquals(new TextDecoder().decode(new TextEncoder().encode(text)), text);
    // deno-lint-ignore no-control-regex
    assertEquals(/[\u0000-\u0009\u007f-\u00a0\u200b\u2028-\u202e\ufeff\uffff]/.test(text), false);
  }
});

Deno.test("writeConfig() writes every setting so that parseConfig() reads the same", async () => {
  const file = new URL("../../examples/settings.yaml", import.meta.url);
  const text = (await Deno.readTextFile(file)).replace(/^# (?=[a-z_]+:| {2}[a-z_]+: | {4}- )/gm, "")
    .replace("# yaml", "#");
  const config = parseConfig(text);
  assertEquals(config.tls?.cert, "/etc/ballast/tls.crt", "what is commented out is read too");
  assertEquals(config.etcd?.endpoints.length, 3, "and lists in it");
  const full: Config = { ...config, trustedProxies: ["::1", "10.0.0.0/8"] };
  const read = parseConfig(writeConfig(full));
  assertEquals(read, { ...full, servers: config.servers.map(written) });
});

Deno.test("writeConfig() writes sources so that parseConfig() reads the same", () => {
  const servers = [
    { url: "http://api.test:8080", discover: "dns" },
    { url: "http://_http._tcp.api.test/base", name: "yes", discover: "dns-srv" },
  ] as const;
  for (const server of ["127.0.0.1:8600", "[::1]:53", "::1"]) {
    const config = { dns: { server }, servers, healthCheck: {} };
    const read = parseConfig(writeConfig(config));
    assertEquals(read, { ...config, servers: servers.map(written) });
  }
});

Deno.test("writeConfig() leaves out absent settings", () => {
  assertEquals(writeConfig({ servers: [], healthCheck: {} }), "servers: []\n");
  const config = { servers: [{ url: "http://a" }], healthCheck: { rise: 2 }, timeouts: {} };
  assertEquals(
    writeConfig(config),
    `health_check:
  rise: 2
servers:
  - url: http://a
    name: a
    weight: 1
    health_check_period: 10
`,
  );
});

/** A server with the fields that are written: these four, and others that differ from the default. */
function written(server: Config["servers"][number]): Config["servers"][number] {
  const { url, name, weight, healthCheckPeriod, ...rest } = completeServer(server);
  const defaults = completeServer({ url });
  const others = Object.entries(rest)
    .filter(([field, value]) => value !== defaults[field as keyof Server]);
  return { url, name, weight, healthCheckPeriod, ...Object.fromEntries(others) };
}
