import {
  assert,
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertStringIncludes,
} from "@std/assert";
import { npmDependencies } from "../../tools/audit.ts";
import { ROOT } from "../testing/program.ts";

interface DocNode {
  readonly jsDoc?: { readonly doc?: string; readonly tags?: readonly { readonly kind: string }[] };
}

async function deno(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

async function readPackage(): Promise<{
  version: string;
  exports: Record<string, string>;
  imports: Record<string, string>;
}> {
  return JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
}

Deno.test("every export has a module documentation with an example, and no symbol is undocumented", async () => {
  const entries = Object.values((await readPackage()).exports);
  const { code, stderr } = await deno("doc", "--lint", ...entries);
  assertEquals(code, 0, stderr);
  for (const entry of entries) {
    const { stdout } = await deno("doc", "--json", entry);
    const { nodes } = JSON.parse(stdout) as {
      nodes: Readonly<Record<string, { readonly module_doc?: DocNode["jsDoc"] }>>;
    };
    const [module] = Object.values(nodes);
    assert(module?.module_doc?.doc, entry);
    assert(module.module_doc.tags?.some(({ kind }) => kind === "example"), `${entry}: no example`);
  }
});

Deno.test("deno publish takes the package without a warning, and leaves tests and tools out", async () => {
  const { code, stderr } = await deno("publish", "--dry-run", "--allow-dirty");
  assertEquals(code, 0, stderr);
  assertNotMatch(stderr, /warning|slow-type/i);
  for (
    const file of ["mod.ts", "cli.ts", "src/workers/worker.ts", "deno.json", "README.md", "LICENSE"]
  ) {
    assertStringIncludes(stderr, new URL(file, ROOT).href);
  }
  assertNotMatch(stderr, /\/(tests|tools|bench|vendor)\//);
});

Deno.test("CHANGELOG.md has the form of Keep a Changelog, and a section for the version", async () => {
  const changelog = await Deno.readTextFile(new URL("CHANGELOG.md", ROOT));
  const { version } = await readPackage();
  const headings = [...changelog.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading!);
  assertEquals(headings[0], "[Unreleased]");
  assert(headings.some((heading) => heading.startsWith(`[${version}]`)));
  for (const heading of headings.slice(1)) {
    assertMatch(heading, /^\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d$/);
  }
  const kinds = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];
  for (const [, kind] of changelog.matchAll(/^### (.*)$/gm)) assert(kinds.includes(kind!), kind);
});

Deno.test("npmDependencies() takes scoped packages, and leaves JSR's out", () => {
  assertEquals(
    npmDependencies({ a: "npm:a@^1.2.3", "@s/b": "npm:@s/b@^2", "@std/c": "jsr:@std/c@^1" }),
    { a: "^1.2.3", "@s/b": "^2" },
  );
});
