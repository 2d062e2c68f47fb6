import { assert, assertEquals } from "@std/assert";
import { parseConfig } from "../mod.ts";
import { ROOT, RunningBalancer } from "./testing/program.ts";

const README = await Deno.readTextFile(new URL("README.md", ROOT));

/** The contents of the code blocks in this language. */
function blocks(language: string): string[] {
  return [...README.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, "g"))]
    .map(([, text]) => text!);
}

/** The commands in the shell blocks that begin like this, each as its words. */
function commands(beginning: string): string[][] {
  return blocks("sh").join("").split("\n").filter((line) => line.startsWith(beginning))
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

Deno.test("README: the configuration is valid, and says every setting", () => {
  const [yaml] = blocks("yaml");
  const config = parseConfig(yaml!);
  assertEquals(config.servers.length, 2);
  for (const name of ["host", "port", "apiHost", "apiPort", "gracePeriod"] as const) {
    assert(config[name] !== undefined, name);
  }
});

Deno.test("README: every command of the program does what it says", async () => {
  await using balancer = await RunningBalancer.start();
  const lines = commands("deno run -A cli.ts ").filter(([name]) => name !== "listen");
  assertEquals(lines.length, 4);
  for (const [name, ...args] of lines) {
    const outcome = await balancer.run(name!, ...args);
    assertEquals([outcome.code, outcome.stderr], [0, ""], name!);
  }
});

Deno.test("README: every call of the admin API does what it says", async (t) => {
  await using balancer = await RunningBalancer.start();
  const lines = commands("curl ");
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
