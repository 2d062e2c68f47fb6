import { assert, assertEquals } from "@std/assert";
import {
  findCycle,
  type ModuleGraph,
  readLoadedModules,
  readModuleGraph,
  readSource,
  sourceFiles,
} from "./testing/module_graph.ts";

/** What the files that match may import; the first rule that matches a file counts. */
interface ImportRule {
  readonly files: RegExp;
  readonly mayImport: readonly RegExp[];
}

const CORE = /^src\/core\//;
const TRANSPORT_INTERFACE = /^src\/transport\/transport\.ts$/;
const LISTENER = /^src\/listener\//;
const HEALTH_CHECK = /^src\/health\/health_check\.ts$/;
const ETCD = /^src\/discovery\/etcd\//;
const CHECK_SHARING = /^src\/health\/check_sharing\.ts$/;
const FAILURE_WATCH = /^src\/proxy\/failure_watch\.ts$/;
const LOGTAPE = /^@logtape\/logtape$/;
const SYSTEM_CLOCK = /^src\/system_clock\.ts$/;
const STEADY_LISTENER = /^src\/steady_listener\.ts$/;
const NET_PERMISSION = /^src\/net_permission\.ts$/;
const STD_HTTP = /^@std\/http\//;

const DASHBOARD_FILES = /^src\/admin\/dashboard\.ts$/;
const PRINTABLE = /^src\/core\/printable\.ts$/;
const VERSION = /^src\/version\.ts$/;
const RUNTIME_VERSION = /^src\/runtime_version\.ts$/;
const REUSE_PORT = /^src\/workers\/reuse_port\.ts$/;
const NAME_SERVER = /^src\/core\/name_server\.ts$/;
const ERROR_TEXT = /^src\/core\/error_text\.ts$/;
const HOST = /^src\/core\/host\.ts$/;
const SYSTEM_RESOLVER = /^src\/discovery\/dns\/system_resolver\.ts$/;
const HOSTS_FILE = /^src\/discovery\/dns\/hosts_file\.ts$/;
const DNS = /^src\/discovery\/dns\//;
const DNS_EXPANSION = /^src\/discovery\/dns\/dns_expansion\.ts$/;

/** What decides, of what otherwise moves requests. */
const DECIDING = /^src\/proxy\/(exclusion|failure_watch|picker|retry|retry_budget)\.ts$/;
const DECISION_FILES = /^src\/admin\/decision_(json|schema)\.ts$/;
const SIMULATION_ENTRIES = /^src\/simulation\/(simulate|replay|result)\.ts$/;

const RULES: readonly ImportRule[] = [
  { files: /^src\/core\/guarded_call\.ts$/, mayImport: [LOGTAPE] },
  { files: CORE, mayImport: [CORE] },
  { files: SYSTEM_CLOCK, mayImport: [CORE] },
  { files: VERSION, mayImport: [] },
  { files: RUNTIME_VERSION, mayImport: [] },
  { files: STEADY_LISTENER, mayImport: [LOGTAPE] },
  { files: NET_PERMISSION, mayImport: [CORE] },
  { files: /^src\/policies\//, mayImport: [CORE, /^src\/policies\//] },
  { files: /^src\/logging\//, mayImport: [CORE, /^src\/logging\//, LOGTAPE] },
  { files: /^src\/transport\//, mayImport: [CORE, NET_PERMISSION, /^src\/transport\//] },
  {
    files: /^src\/health\//,
    mayImport: [CORE, /^src\/health\//, TRANSPORT_INTERFACE, LOGTAPE],
  },
  {
    files: /^src\/proxy\//,
    mayImport: [CORE, /^src\/proxy\//, TRANSPORT_INTERFACE, LOGTAPE, STD_HTTP],
  },
  {
    files: /^src\/config\//,
    mayImport: [CORE, /^src\/config\//, HEALTH_CHECK, /^zod$/, /^@std\/yaml$/],
  },
  // Only what reads a message, and what sends one, knows how DNS looks on the wire.
  {
    files: /^src\/discovery\/dns\/dns_message\.ts$/,
    mayImport: [CORE, DNS, /^dns-packet$/, /^@types\/dns-packet$/, /^node:buffer$/],
  },
  { files: /^src\/discovery\/dns\/dns_tcp\.ts$/, mayImport: [CORE, DNS, /^node:net$/] },
  { files: /^src\/discovery\/dns\/dns_udp\.ts$/, mayImport: [CORE, DNS, /^node:dgram$/] },
  { files: SYSTEM_RESOLVER, mayImport: [ERROR_TEXT, DNS, /^node:fs\/promises$/] },
  { files: HOSTS_FILE, mayImport: [CORE, DNS, /^node:fs\/promises$/, LOGTAPE] },
  { files: DNS, mayImport: [CORE, DNS, NET_PERMISSION, LOGTAPE] },
  {
    files: /^src\/server_set\.ts$/,
    mayImport: [
      [CORE, /^src\/config\//, /^src\/discovery\/dns\/(dns_discovery|make_dns_client)\.ts$/],
      [/^src\/load_balancer_options\.ts$/, TRANSPORT_INTERFACE],
    ].flat(),
  },
  {
    files: /^src\/admin\//,
    mayImport: [
      [CORE, /^src\/admin\//, /^src\/config\//, /^src\/metrics\//, SYSTEM_CLOCK, VERSION],
      [NET_PERMISSION, DNS_EXPANSION],
      [LOGTAPE, STD_HTTP, /^zod$/],
    ].flat(),
  },
  {
    files: /^src\/simulation\//,
    mayImport: [
      [CORE, /^src\/(config|health|policies|simulation)\//, DECIDING, DECISION_FILES],
      [TRANSPORT_INTERFACE, /^zod$/, /^(flatqueue|hdr-histogram-js|pure-rand\/\S+)$/],
    ].flat(),
  },
  { files: /^src\/metrics\//, mayImport: [CORE, /^src\/metrics\//] },
  {
    files: /^src\/tracing\//,
    mayImport: [
      [/^src\/tracing\//, /^src\/proxy\/(incoming|request_record|request_tracing)\.ts$/],
      [/^src\/core\/guarded_call\.ts$/],
      [TRANSPORT_INTERFACE, LOGTAPE, /^@opentelemetry\/api$/],
    ].flat(),
  },
  { files: ETCD, mayImport: [CORE, ETCD, SYSTEM_CLOCK, LOGTAPE] },
  {
    files: /^src\/data_plane\.ts$/,
    mayImport: [
      [CORE, /^src\/(policies|proxy|tracing|transport)\//, SYSTEM_CLOCK],
      [/^src\/listener\/(web_listener|listener_drain)\.ts$/],
    ].flat(),
  },
  {
    files: /^src\/control_plane\.ts$/,
    mayImport: [CORE, /^src\/health\//, FAILURE_WATCH, TRANSPORT_INTERFACE, NET_PERMISSION],
  },
  {
    files: /^src\/listener\/web_listener\.ts$/,
    mayImport: [
      [CORE, LISTENER, SYSTEM_CLOCK, STEADY_LISTENER, LOGTAPE],
      /^src\/proxy\/(handler|incoming|websockets)\.ts$/,
    ].flat(),
  },
  { files: LISTENER, mayImport: [CORE, LISTENER, SYSTEM_CLOCK, REUSE_PORT, STEADY_LISTENER] },
  {
    files: /^src\/workers\//,
    mayImport: [
      [CORE, LISTENER, SYSTEM_CLOCK, /^src\/workers\//],
      [/^src\/data_plane\.ts$/, FAILURE_WATCH, STEADY_LISTENER, LOGTAPE],
    ].flat(),
  },
  {
    files: /^src\/(load_balancer(_options)?|listen_options|config_of)\.ts$/,
    mayImport: [/^src\/(?!cli\/|logging\/|dashboard\/|discovery\/|simulation\/)/, LOGTAPE],
  },
  {
    files: /^src\/discovery\/fleet\//,
    mayImport: [
      [
        CORE,
        /^src\/discovery\/(etcd\/etcd_types|fleet\/|shared\/(key_owner|shared_keys|backoff|wait))/,
      ],
      [CHECK_SHARING, HEALTH_CHECK, /^src\/config\/validate\.ts$/, LOGTAPE, /^zod$/],
      [/^src\/load_balancer\.ts$/, /^src\/admin\/traffic_meter\.ts$/, VERSION],
    ].flat(),
  },
  {
    // It stands on what a balancer offers, and nothing of a balancer stands on it.
    files: /^src\/discovery\/shared\//,
    mayImport: [
      [CORE, /^src\/discovery\/(etcd|fleet|shared)\//, /^src\/config\//],
      [/^src\/admin\/target\.ts$/],
      [/^src\/load_balancer(_options)?\.ts$/, SYSTEM_CLOCK, NET_PERMISSION, LOGTAPE],
    ].flat(),
  },
  {
    // Only what is served: no code of this project but the type.
    files: /^src\/dashboard\//,
    mayImport: [DASHBOARD_FILES, /^src\/dashboard\/\w+\.(html|css|js|svg)$/, /^uplot\/dist\//],
  },
  {
    files: /^src\/cli\//,
    mayImport: [
      [/^mod\.ts$/, /^dashboard\.ts$/, /^etcd\.ts$/, /^src\/cli\//, /^src\/logging\//],
      [NET_PERMISSION, PRINTABLE, STEADY_LISTENER, NAME_SERVER, HOST, SYSTEM_RESOLVER],
      [ERROR_TEXT],
      SIMULATION_ENTRIES,
      [/^@std\/cli\//, LOGTAPE, /^deno\.json$/],
    ].flat(),
  },
  // Text imports, as the dashboard has them, would keep it from loading on Node.
  {
    files: /^mod\.ts$/,
    mayImport: [/^src\/(?!cli\/|logging\/|dashboard\/|discovery\/|simulation\/)/],
  },
  { files: /^dashboard\.ts$/, mayImport: [RUNTIME_VERSION, DASHBOARD_FILES, /^src\/dashboard\//] },
  {
    files: /^etcd\.ts$/,
    mayImport: [RUNTIME_VERSION, /^src\/core\/clock\.ts$/, /^src\/discovery\//],
  },
  { files: /^cli\.ts$/, mayImport: [/^src\/cli\/main\.ts$/] },
  { files: /^tools\//, mayImport: [/^src\/config\//, /^tools\//] },
];

/**
 * Where the runtime's own API may be used; everything else runs on other runtimes too. Permissions
 * are looked up only where there are any. The listener is what `LoadBalancer.listen` accepts TLS connections with, which no other runtime can. The
 * client's side of a WebSocket cannot be had in any other way; without it, WebSockets are refused.
 * Certificates for etcd cannot be had in any other way either; without, they are refused.
 */
const MAY_USE_DENO = new RegExp(
  "^src/(transport/http1/|workers/|listener/|cli/|data_plane\\.ts$|net_permission\\.ts$|proxy/client_upgrade\\.ts$" +
    "|discovery/etcd/etcd_fetch\\.ts$|discovery/dns/system_resolver\\.ts$)" +
    "|^cli\\.ts$",
);

// A worker is an entry, and so are the tools: they load what neither library nor program needs.
const ENTRIES = [
  ["mod.ts", "cli.ts", "dashboard.ts", "etcd.ts", "src/workers/worker.ts"],
  ["audit", "compile", "compile_all", "config_reference", "config_schema"].map((name) =>
    `tools/${name}.ts`
  ),
].flat();

function brokenRules(graph: ModuleGraph): string[] {
  return [...graph].filter(([file]) => file.endsWith(".ts")).flatMap(([file, imports]) => {
    const rule = RULES.find(({ files }) => files.test(file));
    if (rule === undefined) return [`${file} has no rule; add one`];
    return imports
      .filter((imported) => !rule.mayImport.some((allowed) => allowed.test(imported)))
      .map((imported) => `${file} must not import ${imported}`);
  });
}

/** The nodes of a module's code that a selector finds, as their source text. */
function findCode(source: string, selector: string): string[] {
  const plugin: Deno.lint.Plugin = {
    name: "import-rules",
    rules: {
      find: {
        create: (context) => ({
          [selector](node: Deno.lint.Node): void {
            context.report({ node, message: context.sourceCode.getText(node) });
          },
        }),
      },
    },
  };
  return Deno.lint.runPlugin(plugin, "module.ts", source).map(({ message }) => message);
}

Deno.test("each part imports only what it may", async () => {
  assertEquals(brokenRules(await readModuleGraph(...ENTRIES)), []);
});

Deno.test("the import rules see every file of src", async () => {
  const graph = await readModuleGraph(...ENTRIES);
  const unseen = (await sourceFiles("src/")).filter((file) => !graph.has(file));
  assertEquals(unseen, [], "no entry loads these files");
});

Deno.test("the import rules find a type-only import that breaks them", () => {
  const graph = new Map([
    ["src/core/a.ts", ["src/core/b.ts", "src/health/threshold.ts", "zod"]],
    ["src/proxy/a.ts", ["src/upstream/transport.ts", "src/upstream/connection_pool.ts"]],
    ["src/balancer/load_balancer.ts", ["src/admin/handler.ts", "src/cli/main.ts"]],
    ["src/new/a.ts", []],
  ]);
  assertEquals(brokenRules(graph), [
    "src/core/a.ts must not import src/health/threshold.ts",
    "src/core/a.ts must not import zod",
    "src/proxy/a.ts must not import src/upstream/connection_pool.ts",
    "src/balancer/load_balancer.ts must not import src/cli/main.ts",
    "src/new/a.ts has no rule; add one",
  ]);
});

Deno.test("only the commands that simulate load the simulation, and what it needs", async () => {
  const loaded = await readLoadedModules("cli.ts");
  assert(loaded.includes("src/cli/commands/simulate.ts") && loaded.includes("zod"));
  const unwanted = loaded.filter((module) => /simulation\/|hdr|flatqueue|pure-rand/.test(module));
  // What reads the commands' flags and writes what came of it.
  assertEquals(unwanted.filter((module) => !module.startsWith("src/cli/simulation/")), []);
});

Deno.test("no modules import each other in a ring", async () => {
  assertEquals(findCycle(await readModuleGraph(...ENTRIES)), undefined);
});

Deno.test("findCycle() finds a ring, and no ring in a diamond", () => {
  const diamond = { a: ["b", "c"], b: ["d"], c: ["d"], d: [] };
  assertEquals(findCycle(new Map(Object.entries(diamond))), undefined);
  const ring = { ...diamond, d: ["b"] };
  assertEquals(findCycle(new Map(Object.entries(ring))), ["b", "d", "b"]);
  assertEquals(findCycle(new Map([["a", ["a"]]])), ["a", "a"]);
});

Deno.test("with etcd not configured, nothing of it is loaded", async () => {
  const loaded = await readLoadedModules("cli.ts");
  assert(
    loaded.includes("src/cli/share_servers.ts") && loaded.includes("src/balancer/load_balancer.ts"),
  );
  assertEquals(loaded.filter((file) => /etcd\.ts$|^src\/discovery\/(?!dns\/)/.test(file)), []);
});

Deno.test("mod.ts re-exports and does nothing else", async () => {
  const statements = findCode(await readSource("mod.ts"), "Program > *");
  assert(statements.length > 0, "there are statements");
  const [first, ...others] = statements
    .filter((text) => !/^export (type )?\{[^}]*\} from "/.test(text));
  // It refuses a runtime that is too old.
  assertEquals([first, others], ['import "./src/runtime_version.ts";', []]);
});

Deno.test("only the transport, the program and the workers use Deno", async () => {
  const files = ["mod.ts", "cli.ts", ...await sourceFiles("src/")];
  const users: string[] = [];
  for (const file of files) {
    if (MAY_USE_DENO.test(file)) continue;
    if (findCode(await readSource(file), "Identifier[name='Deno']").length > 0) users.push(file);
  }
  assertEquals(users, []);
});

Deno.test("findCode() sees Deno in code and types, and not in comments and strings", () => {
  const source = `// Deno.a\n/** Deno.b */ const a = "Deno.c"; Deno.d; type E = Deno.E;`;
  assertEquals(findCode(source, "Identifier[name='Deno']"), ["Deno", "Deno"]);
});

Deno.test("importing mod.ts needs no permission and starts nothing", async () => {
  const module = new URL("../mod.ts", import.meta.url).href;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "-"],
    cwd: new URL("../", import.meta.url),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const source = `import * as ballast from ${JSON.stringify(module)};
console.log(typeof ballast.LoadBalancer);`;
  await writer.write(new TextEncoder().encode(source));
  await writer.close();
  // It ends by itself: nothing that the import started keeps it running.
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  assertEquals([code, decoder.decode(stdout)], [0, "function\n"], decoder.decode(stderr));
});
