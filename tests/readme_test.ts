import { assert, assertEquals } from "@std/assert";
import { parseConfig } from "../mod.ts";
import { codeBlocks, readProjectFile } from "./testing/markdown.ts";
import { RunningBalancer } from "./testing/program.ts";

const README = await readProjectFile("README.md");
const CLI = await readProjectFile("docs/cli.md");
const API = await readProjectFile("docs/api.md");

/** The commands in the shell blocks of a page that begin like this, each as its words. */
function commands(page: string, beginning: string): string[][] {
  return codeBlocks(page, "sh").join("").split("\n").filter((line) => line.startsWith(beginning))
    .map((line) => line.slice(beginning.length).split(" ").map((word) => word.replaceAll("'", "")));
}

async function hasCurl(): Promise<boolean> {
  try {
    return (await new Deno.Command("curl", { args: ["--version"], stdout: "null" }).output())
      .success;
  } catch {
    return false;
  }
}

Deno.test("README: is short enough to be read", () => {
  const count = README.split(/\s+/).length;
  assert(count <= 900, `there are ${count} words`);
});

Deno.test("README: the configuration is valid, and shows the settings of most users in ten lines", () => {
  const [yaml] = codeBlocks(README, "yaml");
  assert(yaml!.trim().split("\n").length <= 10);
  const config = parseConfig(yaml!);
  assertEquals(config.servers.length, 2);
  for (const name of ["host", "port", "apiHost", "apiPort", "gracePeriod"] as const) {
    assert(config[name] !== undefined, name);
  }
});

Deno.test("README, docs/cli.md: every command of the program does what it says", async () => {
  await using balancer = await RunningBalancer.start();
  const lines = [README, CLI].flatMap((page) => commands(page, "deno run -A cli.ts "))
    .filter(([name]) => name !== "listen");
  assertEquals(lines.length, 4);
  for (const [name, ...args] of lines) {
    const outcome = await balancer.run(name!, ...args);
    assertEquals([outcome.code, outcome.stderr], [0, ""], name!);
  }
});

Deno.test("docs/api.md: every call of the admin API does what it says", async (t) => {
  await using balancer = await RunningBalancer.start();
  const lines = commands(API, "curl ");
  assertEquals(lines.length, 7);
  if (!await hasCurl()) {
    await t.step({ name: "curl is not installed", ignore: true, fn: () => {} });
    return;
  }
  for (const args of lines) {
    await t.step(args.at(-1)!, async () => {
      const { code, stdout } = await new Deno.Command("curl", {
        args: [
          "--silent",
          "--fail",
          ...joinQuoted(args).map((word) => word.replace(":8000/", `:${balancer.apiPort}/`)),
        ],
      }).output();
      assertEquals(code, 0);
      JSON.parse(new TextDecoder().decode(stdout));
    });
  }
});

/** A header's name and value were one word in quotes. */
function joinQuoted(words: readonly string[]): string[] {
  return words.join(" ").replace("content-type: ", "content-type:").split(" ");
}
