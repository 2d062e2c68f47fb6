import { assert, assertEquals } from "@std/assert";
import { codeBlocks, readProjectFile } from "../testing/markdown.ts";
import { ROOT } from "../testing/program.ts";

// `deno test --doc docs/` runs the code of the documentation, but for what would listen on fixed
// ports or is a piece of a larger whole. Here that is checked as well.

/** Runs Deno with the project's configuration on files that are made of this code. */
async function runDeno(command: "check" | "test", files: Record<string, string>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, code] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, code);
    }
    const { code, stderr, stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        command,
        "--config",
        "deno.json",
        ...Object.keys(files).map((name) => `${folder}/${name}`),
      ],
      cwd: ROOT,
      env: { NO_COLOR: "1" },
    }).output();
    const decoder = new TextDecoder();
    assertEquals(code, 0, decoder.decode(stdout) + decoder.decode(stderr));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A file of the project, as code that is elsewhere imports it. */
function href(path: string): string {
  return new URL(path, ROOT).href;
}

Deno.test("README.md, docs/library.md and docs/fleet.md: the code that is not run has the right types", async () => {
  const files: Record<string, string> = {};
  for (const page of ["README.md", "docs/library.md", "docs/fleet.md"]) {
    const blocks = codeBlocks(await readProjectFile(page), "ts");
    assert(blocks.length > 0, page);
    for (const [index, code] of blocks.entries()) {
      const name = `${page.replaceAll(/\W/g, "_")}_${index}.ts`;
      files[name] = code.replaceAll(/"(jsr:)?@ballast\/lb"/g, `"${href("mod.ts")}"`)
        .replaceAll('"jsr:@ballast/lb/etcd"', `"${href("src/cluster/mod.ts")}"`);
    }
  }
  await runDeno("check", files);
});

Deno.test("CONTRIBUTING.md: the policy and its test work, and it keeps the contract", async () => {
  const [policy, test] = codeBlocks(await readProjectFile("CONTRIBUTING.md"), "ts");
  await runDeno("test", {
    "your_policy.ts": policy!.replaceAll('"../state/', `"${href("src/state/")}`),
    "your_policy_test.ts": test!.replace('"../../src/policies/', '"./')
      .replaceAll('"../testing/', `"${href("tests/testing/")}`),
    "contract_test.ts": `import { YourPolicy } from "./your_policy.ts";
import { seededRandom } from "${href("tests/testing/picking.ts")}";
import { byChance, testContract } from "${href("tests/policies/contract.ts")}";

testContract({
  name: "YourPolicy",
  make: () => new YourPolicy(seededRandom(1)),
  tolerance: byChance,
});
`,
  });
});
