import { assertEquals } from "@std/assert";
import { ROOT } from "../testing/program.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";

/** The lines of a program on which the compiler finds something wrong. */
async function faultyLines(program: string): Promise<number[]> {
  await using file = await makeTemporaryFile(program, ".ts");
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--config", "deno.json", file.path],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const places = new TextDecoder().decode(stderr).matchAll(/^ +at file:\S+:([0-9]+):[0-9]+$/gm);
  return [...new Set(Array.from(places, ([, line]) => Number(line)))];
}

/** Whether npm stands in for JSR. */
async function isStandIn(): Promise<boolean> {
  try {
    return (await Deno.stat(new URL("vendor/jsr.io/@std/.facade", ROOT))).isFile;
  } catch {
    return false;
  }
}

Deno.test("parseArgs() takes literal names, and tells what each of them is", async () => {
  const program = `import { parseArgs } from "@std/cli/parse-args";
const { one, two, three, yes, many, _ } = parseArgs(Deno.args, {
  string: ["one", "two", "many", "_"],
  boolean: ["yes"],
  collect: ["many"],
  default: { two: "2" },
  unknown: (argument) => argument === "",
});
const right: [string | undefined, string, boolean, string[]] = [one, two, yes, many];
const names = ["one", "two"] as const;
export const all: unknown[] = [right, _, three, parseArgs(Deno.args, { string: names }).one];
`;
  assertEquals(await faultyLines(program), []);
});

Deno.test("parseArgs() refuses what the types of @std/cli refuse", async () => {
  const program = `import { parseArgs } from "@std/cli/parse-args";
const { one, three, yes, many } = parseArgs(Deno.args, {
  string: ["one", "many"],
  boolean: ["yes"],
  collect: ["many"],
});
export const lengths = [
  one.length,
  three.length,
  yes.length,
  many.startsWith("a"),
];
export function ofAnyName<Name extends string>(names: Name[]): unknown {
  return parseArgs(Deno.args, {
    string: names,
  });
}
export const readOnly = parseArgs(Deno.args as readonly string[]);
export const unknown = parseArgs(Deno.args, { nope: true });
`;
  assertEquals(await faultyLines(program), [8, 9, 10, 11, 15, 18, 19]);
});

Deno.test("no list of flags is any list of strings", async () => {
  // The genuine types take one, and say nothing then of what is read.
  if (!await isStandIn()) return;
  const program = `import { parseArgs } from "@std/cli/parse-args";
const names: string[] = ["one"];
parseArgs(Deno.args, { string: names });
parseArgs(Deno.args, { boolean: names });
parseArgs(Deno.args, { collect: [...names, "two"] });
`;
  assertEquals(await faultyLines(program), [3, 4, 5]);
});
