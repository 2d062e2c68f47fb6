import { assert, assertEquals } from "@std/assert";
import {
  findCycle,
  type ModuleGraph,
  readLoadedModules,
  readModuleGraph,
  readSource,
  sourceFiles,
} from "./testing/module_graph.ts";
import { runSource } from "./testing/run_source.ts";

/**
 * The folders of src/, from the bottom up: what each may import besides its own files. An entry is a
 * folder of src/ (`model`), one file of it (`upstream/transport.ts`), or a package (`zod`). A folder
 * that is not listed here fails the test, and so does an import that is not listed.
 */
const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  // The foundation: plain types and their rules, the runtime, and shared memory.
  model: [],
  runtime: ["model"],
  state: ["model"],
  http1: ["model"],

  // The data plane: which server is picked, how it is reached, and what becomes of a request.
  policies: ["model", "state"],
  upstream: ["model", "runtime", "http1"],
  health: ["model", "runtime", "state", "upstream/transport.ts", "@logtape/logtape"],
  proxy: [
    ...["model", "runtime", "state", "http1/message.ts", "http1/request_url.ts"],
    ...["upstream/transport.ts", "health/failure_watch.ts", "@std/http", "@logtape/logtape"],
  ],
  fronts: [
    ...["model", "runtime", "proxy/handler.ts", "proxy/incoming_request.ts", "proxy/websockets.ts"],
    "@logtape/logtape",
  ],

  // The control plane: where the servers come from, and what is known of them.
  config: ["model", "zod", "@std/yaml"],
  discovery: ["model", "runtime", "state", "@logtape/logtape"],
  observability: [
    ...["model", "runtime", "state", "http1/message.ts", "http1/request_url.ts"],
    ...["proxy/incoming_request.ts", "proxy/instrumentation.ts", "proxy/request_record.ts"],
    ...["@logtape/logtape", "@opentelemetry/api"],
  ],

  // The assembly: threads, the balancer, and the interfaces to it.
  workers: [
    ...["model", "runtime", "state", "policies", "upstream", "proxy", "fronts", "observability"],
    ...["health/failure_watch.ts", "@logtape/logtape"],
  ],
  balancer: [
    ...["model", "runtime", "state", "config", "health", "discovery", "upstream", "proxy"],
    ...["fronts", "workers", "zod", "@logtape/logtape"],
  ],
  admin: [
    ...[
      "model",
      "runtime",
      "state",
      "config",
      "balancer/load_balancer.ts",
      "observability/metrics",
      "discovery/dns_expansion.ts",
    ],
    ...["zod", "@std/http", "@logtape/logtape"],
  ],
  dashboard: ["runtime/runtime_version.ts", "admin/dashboard.ts", "uplot"],
  cluster: [
    ...["model", "runtime", "state", "config", "balancer", "health/check_sharing.ts"],
    ...["admin/target.ts", "admin/traffic_meter.ts"],
    ...["zod", "@logtape/logtape"],
  ],
  // Picks, retries and ejects by the proxy's own code, without its connections.
  simulate: [
    ...["model", "runtime/clock.ts", "state", "policies", "health", "config", "http1/message.ts"],
    ...["upstream/transport.ts", "proxy/ineligible_reason.ts"],
    ...["proxy/picker.ts", "proxy/attempt_rules.ts", "proxy/waiting_list.ts"],
    ...["admin/decisions.ts"],
    ...["zod", "flatqueue", "hdr-histogram-js", "pure-rand"],
  ],
  cli: [
    ...["model", "runtime", "config", "balancer", "admin", "cluster/mod.ts", "dashboard/mod.ts"],
    ...["observability/logging", "discovery/discovery_permissions.ts", "fronts/web", "simulate"],
    ...["@std/cli", "@logtape/logtape"],
  ],
};

/** Files that may import other things than their folder. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  "cli.ts": ["cli/main.ts"],
  // Text imports, as the dashboard has them, would keep it from loading on Node.
  "mod.ts": Object.keys(FOLDERS).filter((folder) =>
    !["cli", "cluster", "dashboard", "discovery", "simulate"].includes(folder)
  ),
  "src/model/guarded_call.ts": ["@logtape/logtape"],
  // Only these two send and receive DNS messages, and only the third knows how one is written.
  "src/discovery/dns_tcp.ts": ["model", "discovery", "node:net"],
  "src/discovery/dns_udp.ts": ["model", "runtime", "discovery", "node:dgram"],
  "src/discovery/dns_message.ts": [
    "model",
    "discovery/dns_resolver.ts",
    "dns-packet",
    "@types/dns-packet",
    "node:buffer",
  ],
  "src/discovery/hosts_file.ts": ["model", "discovery", "node:fs/promises", "@logtape/logtape"],
  "src/discovery/system_resolver.ts": ["model", "discovery", "node:fs/promises"],
};

/**
 * Where the runtime's own API may be used; everything else runs on other runtimes too. The last three
 * do without where it is missing: no WebSockets, no client certificates for etcd, no resolv.conf.
 */
const MAY_USE_DENO: readonly string[] = [
  ...["cli.ts", "src/cli/", "src/fronts/", "src/upstream/", "src/workers/", "src/runtime/"],
  "src/proxy/client_upgrade.ts",
  "src/cluster/etcd/etcd_fetch.ts",
  "src/discovery/system_resolver.ts",
];

// A worker is an entry, and so are the tools: they load what neither library nor program needs.
const TOOLS = ["audit", "compile", "compile_all", "config_reference", "config_schema"];
const ENTRIES = [
  ...["mod.ts", "cli.ts", "src/dashboard/mod.ts", "src/cluster/mod.ts", "src/workers/worker.ts"],
  ...TOOLS.map((name) => `tools/${name}.ts`),
];

function folderOf(file: string): string {
  return file.startsWith("src/") ? file.split("/")[1]! : file;
}

function isAllowed(imported: string, allowed: string): boolean {
  return [imported, imported.replace(/^src\//, "")]
    .some((path) => path === allowed || path.startsWith(`${allowed}/`));
}

function brokenRules(graph: ModuleGraph): string[] {
  return [...graph].flatMap(([file, imports]) => {
    if (!file.endsWith(".ts") || file.startsWith("tools/")) return [];
    const folder = folderOf(file);
    const rule = FILES[file] ?? FOLDERS[folder];
    if (rule === undefined) return [`${file} has no rule; add one for ${folder}`];
    const allowed = FILES[file] === undefined ? [...rule, folder] : rule;
    return imports
      .filter((imported) => !allowed.some((entry) => isAllowed(imported, entry)))
      .map((imported) => `${file} must not import ${imported}`);
  });
}

/** The folders of src/, each with the folders that it imports. */
function folderGraph(graph: ModuleGraph): ModuleGraph {
  const folders = new Map<string, string[]>();
  for (const [file, imports] of graph) {
    const from = folderOf(file);
    const others = imports.map(folderOf).filter((to) => to !== from);
    folders.set(from, [...folders.get(from) ?? [], ...others]);
  }
  return folders;
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

Deno.test("each folder imports only what it may", async () => {
  assertEquals(brokenRules(await readModuleGraph(...ENTRIES)), []);
});

Deno.test("the import rules see every file of src", async () => {
  const graph = await readModuleGraph(...ENTRIES);
  const unseen = (await sourceFiles("src/")).filter((file) => !graph.has(file));
  assertEquals(unseen, [], "no entry loads these files");
});

Deno.test("the import rules find a type-only import that breaks them", () => {
  const graph = new Map([
    ["src/model/a.ts", ["src/model/b.ts", "src/health/threshold.ts", "zod"]],
    ["src/proxy/a.ts", ["src/upstream/transport.ts", "src/upstream/connection_pool.ts"]],
    ["src/balancer/load_balancer.ts", ["src/admin/handler.ts", "src/cli/main.ts"]],
    ["src/new/a.ts", []],
  ]);
  assertEquals(brokenRules(graph), [
    "src/model/a.ts must not import src/health/threshold.ts",
    "src/model/a.ts must not import zod",
    "src/proxy/a.ts must not import src/upstream/connection_pool.ts",
    "src/balancer/load_balancer.ts must not import src/admin/handler.ts",
    "src/balancer/load_balancer.ts must not import src/cli/main.ts",
    "src/new/a.ts has no rule; add one for new",
  ]);
});

Deno.test("only the commands that simulate load the simulation, and what it needs", async () => {
  const loaded = await readLoadedModules("cli.ts");
  assert(loaded.includes("src/cli/commands/simulate.ts") && loaded.includes("zod"));
  const unwanted = loaded.filter((module) => /simulate\/|hdr|flatqueue|pure-rand/.test(module));
  // The parsing of the commands' flags and the printing of results.
  assertEquals(unwanted.filter((module) => !module.startsWith("src/cli/simulate/")), []);
});

Deno.test("no modules import each other in a ring, and no folders", async () => {
  const graph = await readModuleGraph(...ENTRIES);
  assertEquals(findCycle(graph), undefined);
  assertEquals(findCycle(folderGraph(graph)), undefined);
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
    loaded.includes("src/cli/listen/share_servers.ts") &&
      loaded.includes("src/balancer/load_balancer.ts"),
  );
  assertEquals(loaded.filter((file) => /^src\/cluster\//.test(file)), []);
});

Deno.test("mod.ts re-exports and does nothing else", async () => {
  const statements = findCode(await readSource("mod.ts"), "Program > *");
  assert(statements.length > 0, "there are statements");
  const [first, ...others] = statements
    .filter((text) => !/^export (type )?\{[^}]*\} from "/.test(text));
  // It refuses a runtime that is too old.
  assertEquals([first, others], ['import "./src/runtime/runtime_version.ts";', []]);
});

Deno.test("only the folders that know a runtime use Deno", async () => {
  const files = ["mod.ts", "cli.ts", ...await sourceFiles("src/")];
  const users: string[] = [];
  for (const file of files) {
    if (MAY_USE_DENO.some((path) => file.startsWith(path))) continue;
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
  const source = `import * as ballast from ${JSON.stringify(module)};
console.log(typeof ballast.LoadBalancer);`;
  // It ends by itself: nothing that the import started keeps it running.
  const { code, stdout, stderr } = await runSource(source);
  assertEquals([code, stdout], [0, "function\n"], stderr);
});
