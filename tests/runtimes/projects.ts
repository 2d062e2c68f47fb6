import { assertEquals } from "@std/assert";
import { SampleServer } from "../testing/sample_server.ts";
import { freePorts } from "../testing/run_cli.ts";
import type { Installation, Runtime } from "./installation.ts";
import { RunningProgram } from "./running_program.ts";

/** A whole program for each runtime, for a port and a list of servers. */
const PROJECTS = {
  Node: (port: number, servers: string) =>
    `import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { LoadBalancer } from "@ballast/lb";
const balancer = new LoadBalancer({ servers: ${servers} });
createServer(getRequestListener(balancer.fetch)).listen(${port}, () => console.log("ready"));
`,
  Bun: (port: number, servers: string) =>
    `import { LoadBalancer } from "@ballast/lb";
const balancer = new LoadBalancer({ servers: ${servers} });
Bun.serve({ port: ${port}, fetch: balancer.fetch });
balancer.servers().forEach(({ url }) => console.log(url));
console.log("ready");
`,
};

/** Runs a project of five lines, and fails unless it spreads requests over three servers. */
export async function balanceInFiveLines(runtime: Runtime): Promise<void> {
  if (runtime.name === "Deno") throw new TypeError("The package is not for Deno");
  await using servers = new AsyncDisposableStack();
  const samples = ["a", "b", "c"].map((name) => servers.use(new SampleServer(name)));
  const [port] = freePorts(1);
  const text = PROJECTS[runtime.name](port!, JSON.stringify(samples.map(({ url }) => ({ url }))));
  assertEquals(text.trim().split("\n").length, 5);
  const file = `${runtime.folder}/five_lines_${runtime.name}.mjs`;
  await Deno.writeTextFile(file, text);
  await using program = new RunningProgram(runtime, file);
  await program.waitFor(/^ready$/m);
  for (let i = 0; i < 9; i++) await (await fetch(`http://127.0.0.1:${port}`)).text();
  assertEquals(samples.map(({ hits }) => hits), [3, 3, 3]);
}

/** The message of a runtime that believes to be an old Node, and lacks the same features. */
export async function refuseOldNode({ folder, command }: Runtime): Promise<void> {
  const file = `${folder}/old_node.mjs`;
  await Deno.writeTextFile(
    file,
    `delete Set.prototype.union;
Object.defineProperty(process, "versions", { value: { node: "20.20.2" } });
await import("@ballast/lb").catch(({ message }) => console.log(message));
`,
  );
  const [program, ...args] = command;
  const { stdout } = await new Deno.Command(program!, { args: [...args, file] }).output();
  const message = "it needs Node 22.3 or newer, and this is Node 20.20.2. Install a newer Node.";
  assertEquals(new TextDecoder().decode(stdout), `Cannot load Ballast: ${message}\n`);
}

const CONSUMER = `import {
  type BalancerError, createAdmin, LoadBalancer, type Policy, type ServerStatus,
} from "@ballast/lb";
import { createDashboard, type Dashboard } from "@ballast/lb/dashboard";
import { joinEtcd, type JoinedCluster } from "@ballast/lb/etcd";

const dashboard: Dashboard = createDashboard();
const policy: Policy = { pick: (candidates) => candidates.slots[0]! };
const balancer = new LoadBalancer({ servers: [{ url: "http://127.0.0.1:1", weight: 2 }], policy });
const statuses: ServerStatus[] = balancer.servers();
const answer: Promise<Response> = balancer.fetch(new Request("http://a"));
const admin: Promise<Response> = Promise.resolve(createAdmin(balancer, { dashboard }).fetch(new Request("http://a")));
export function codeOf(error: BalancerError): string { return error.code; }
// @ts-expect-error A weight is a number.
balancer.add({ url: "http://127.0.0.1:2", weight: "2" });
const shared: Promise<JoinedCluster> = joinEtcd(balancer, { endpoints: ["http://127.0.0.1:1"] });
export { admin, answer, shared, statuses };
`;

/** Type-checks a project that uses the package, and the types of the package themselves. */
export async function checkTypes({ folder }: Installation): Promise<void> {
  await Deno.writeTextFile(`${folder}/consumer.ts`, CONSUMER);
  const compilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: false,
    module: "nodenext",
    target: "esnext",
    lib: ["esnext", "dom", "dom.asynciterable"],
    types: [],
  };
  const project = `${folder}/tsconfig.json`;
  await Deno.writeTextFile(project, JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
  const { code, stdout } = await new Deno.Command(`${folder}/node_modules/node/bin/node`, {
    args: ["node_modules/typescript/bin/tsc", "--project", project],
    cwd: folder,
  }).output();
  assertEquals([code, new TextDecoder().decode(stdout)], [0, ""]);
}
