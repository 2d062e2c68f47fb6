import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createAdmin, LoadBalancer, parseConfig } from "../../mod.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { POLICY_NAMES } from "../../src/model/settings.ts";
import { formattedReference } from "../../tools/config_reference.ts";
import { checkShellLine } from "../testing/command_lines.ts";
import {
  anchorOf,
  codeBlocks,
  documentationPages,
  readProjectFile,
  tableBehind,
} from "../testing/markdown.ts";
import { ROOT } from "../testing/program.ts";
import { runCli } from "../testing/run_cli.ts";

/** Other names that the documentation may use; any further one is probably a mistake. */
const OTHER_PROGRAMS = [
  ...["bird", "curl", "deno", "docker", "keepalived", "kubectl", "npm", "openssl", "sha256sum"],
  ...["sudo", "vtysh"],
];

async function runOn(program: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { code, stderr } = await new Deno.Command(program, { args: [...args] }).output();
    return code === 0 ? "" : new TextDecoder().decode(stderr);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

Deno.test("docs/configuration.md is what `deno task docs` writes", async () => {
  assertEquals(await readProjectFile("docs/configuration.md"), await formattedReference());
});

Deno.test("docs: every policy has a section, and is named where configurations are shown", async () => {
  const policies = await readProjectFile("docs/policies.md");
  for (const name of POLICY_NAMES) {
    assertStringIncludes(policies, `\n## ${name}\n`);
    for (const page of ["README.md", "docs/policies.md", "examples/settings.yaml"]) {
      const comment = /^policy: least_connections # or (.+)$/m.exec(await readProjectFile(page));
      const named = ["least_connections", ...comment![1]!.split(", ")];
      assert(named.includes(name), `${page} does not name ${name}`);
    }
    assertStringIncludes(await readProjectFile("README.md"), `\`${name}\``);
  }
});

Deno.test("docs: every configuration can be used", async () => {
  let count = 0;
  for (const page of await documentationPages()) {
    for (const yaml of codeBlocks(await readProjectFile(page), "yaml")) {
      assert(parseConfig(yaml, page).servers.length > 0, page);
      count++;
    }
  }
  assert(count >= 10, `there are ${count}`);
});

Deno.test("docs: every command line is one that the program or the tasks understand", async () => {
  let count = 0;
  for (const page of await documentationPages()) {
    // Of the walk-throughs, each line is run by a test of its own.
    if (page === "docs/operating.md" || page === "docs/fleet.md") continue;
    const lines = codeBlocks(await readProjectFile(page), "sh").join("").replaceAll("\\\n", "")
      .split("\n");
    for (const line of lines.filter((each) => !/^\s*(#|$)/.test(each))) {
      try {
        if (await checkShellLine(line)) count++;
        else if (page.startsWith("docs/")) {
          assert(OTHER_PROGRAMS.includes(line.trim().split(" ")[0]!), "an unknown program");
        }
      } catch (error) {
        throw new Error(`${page}: ${line}`, { cause: error });
      }
    }
  }
  assert(count >= 15, `there are ${count}`);
});

Deno.test("docs and the demo change servers with --keep, so that nothing goes back to a default", async () => {
  let count = 0;
  for (const page of [...await documentationPages(), "examples/demo.ts"]) {
    for (
      const [line] of (await readProjectFile(page)).matchAll(/^.*update-server .*--url http.*$/gm)
    ) {
      assertStringIncludes(line, "--keep", page);
      count++;
    }
  }
  assert(count >= 5, `there are ${count}`);
});

Deno.test("deno task test:quick leaves out only what there is", async () => {
  const { tasks } = JSON.parse(await readProjectFile("deno.json"));
  const [, list] = /--ignore=(\S+)/.exec(tasks["test:quick"].command)!;
  for (const path of list!.split(",")) {
    const stat = await Deno.stat(new URL(path.replace("*_test.ts", ""), ROOT)).catch(() => null);
    assert(stat !== null, `there is no ${path}`);
  }
});

Deno.test("docs: every link within the project leads somewhere", async () => {
  for (const page of await documentationPages()) {
    for (const [, target] of (await readProjectFile(page)).matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
      const [path, fragment] = target!.split("#");
      const url = path === "" ? new URL(page, ROOT) : new URL(path!, new URL(page, ROOT));
      await Deno.stat(url).catch(() => assert(false, `${page}: there is no ${target}`));
      if (fragment === undefined) continue;
      const headings = (await Deno.readTextFile(url)).matchAll(/^#+ (.*)$/gm);
      const anchors = [...headings].map(([, heading]) => anchorOf(heading!));
      assert(anchors.includes(fragment), `${page}: there is no ${target}`);
    }
  }
});

Deno.test("docs/cli.md lists every command", async () => {
  const text = await readProjectFile("docs/cli.md");
  const rows = text.split("\n").filter((line) => line.startsWith("| `"));
  const listed = rows.flatMap((row) => row.split(" | ")[0]!.match(/`[a-z-]+/g)!);
  assertEquals(listed.map((name) => name.slice(1)).sort(), COMMANDS.map(({ name }) => name).sort());
});

Deno.test("docs/api.md lists every route", async () => {
  await using balancer = new LoadBalancer();
  const url = "http://127.0.0.1/openapi.json";
  const { paths } = await (await createAdmin(balancer).fetch(new Request(url))).json() as {
    paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
  const routes = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).filter((key) => key !== "parameters")
      .map((method) => `${method.toUpperCase()} ${path}`)
  );
  const text = await readProjectFile("docs/api.md");
  const listed = [...text.matchAll(/^\| `([A-Z]+ [^`]+)`/gm)].map(([, route]) => route!);
  assertEquals(listed.sort(), routes.sort());
});

Deno.test("docs/security.md shows what permissions prints", async () => {
  const { stdout } = await runCli("permissions", "--config", "examples/servers.yaml");
  const printed = stdout.trim().replace("examples/servers.yaml", "servers.yaml");
  const text = await readProjectFile("docs/security.md");
  assertStringIncludes(text, `\`\`\`text\n${printed}\n\`\`\``);
  assertStringIncludes(text, `deno run --no-prompt ${printed} `);
});

Deno.test("docs/migrating.md: nginx and HAProxy take what is given as theirs", async (t) => {
  const text = await readProjectFile("docs/migrating.md");
  const folder = await Deno.makeTempDir();
  try {
    const [nginx] = codeBlocks(text, "nginx");
    await Deno.writeTextFile(
      `${folder}/nginx.conf`,
      `pid ${folder}/pid;\nevents {}\nhttp {\naccess_log off;\n${nginx}}\n`,
    );
    const [haproxy] = codeBlocks(text, "haproxy");
    await Deno.writeTextFile(`${folder}/haproxy.cfg`, haproxy!);
    const checks = [
      ["nginx", "-e", `${folder}/error.log`, "-t", "-c", `${folder}/nginx.conf`],
      ["haproxy", "-c", "-f", `${folder}/haproxy.cfg`],
    ] as const;
    for (const [program, ...args] of checks) {
      const fault = await runOn(program, args);
      await t.step({
        name: fault === undefined ? `${program} is not installed` : program,
        ignore: fault === undefined,
        fn: () => assertEquals(fault, ""),
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("README.md has the ratios of bench/results.md", async () => {
  const [header, ...rows] = tableBehind(await readProjectFile("bench/results.md"), "One core");
  const [names, ...shown] = tableBehind(await readProjectFile("README.md"), "Compare it");
  assert(shown.length >= 8, `there are ${shown.length}`);
  for (const [scenario, ...ratios] of shown) {
    const row = rows.find(([name]) => name === scenario)!;
    const columns = names!.slice(1).map((name) => {
      const peer = name.replaceAll("**", "");
      return header!.findIndex((each) => each === peer || each.startsWith(`${peer} least`));
    });
    assertEquals(
      ratios.map((ratio) => ratio.replaceAll("**", "")),
      columns.map((column) => row[column]!.split(" ")[0]!),
      scenario!,
    );
  }
});

Deno.test("docs/numbers.md has the numbers of bench/results.md", async () => {
  const page = await readProjectFile("docs/numbers.md");
  const results = await readProjectFile("bench/results.md");
  for (const mode of ["One core", "All cores"]) {
    const [header, ...rows] = tableBehind(results, mode);
    const [names, ...shown] = tableBehind(page, mode);
    assertEquals(shown.length, rows.length);
    for (const [index, row] of shown.entries()) {
      assertEquals(row, names!.map((name) => rows[index]![header!.indexOf(name)]!));
    }
  }
});
