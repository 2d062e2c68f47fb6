import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { COMMANDS } from "../../src/cli/commands.ts";
import { isInstalled } from "../testing/installed.ts";
import { ROOT } from "../testing/program.ts";
import { runCli } from "../testing/run_cli.ts";
import { makeTemporaryFile } from "../testing/temporary_file.ts";

const hasBash = await isInstalled("bash");
const hasZsh = await isInstalled("zsh");
const hasFish = await isInstalled("fish");

/** The completion script for a shell. */
async function scriptFor(shell: string): Promise<string> {
  const { code, stdout, stderr } = await runCli("completions", shell);
  assertEquals([code, stderr], [0, ""]);
  return stdout;
}

async function run(program: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(program, { args, cwd: ROOT, stdin: "null" })
    .output();
  assertEquals(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout);
}

/** The completions that bash offers for the last of these words. */
async function completeInBash(path: string, ...words: string[]): Promise<string[]> {
  const code = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ballast; ' +
    '(( ${#COMPREPLY[@]} == 0 )) || printf "%s\\n" "${COMPREPLY[@]}"';
  const output = await run("bash", "--norc", "-c", code, "bash", path, "ballast", ...words);
  return output.split("\n").filter((line) => line !== "");
}

Deno.test({
  name: "completions bash: bash completes commands, flags, files and values",
  ignore: !hasBash,
  async fn() {
    await using file = await makeTemporaryFile(await scriptFor("bash"), ".bash");
    assertEquals(await run("bash", "-n", file.path), "");
    const names = COMMANDS.map(({ name }) => name);
    const cases: [words: string[], expected: string[]][] = [
      [[""], [...names, "--help", "--version"]],
      [["list"], ["listen", "list-servers", "list-balancers"]],
      [["--v"], ["--version"]],
      [["listen", "--po"], ["--port"]],
      [["listen", "--workers", ""], ["auto"]],
      [["listen", "--workers", "=", "a"], ["auto"]],
      [["listen", "--workers", "="], ["auto"]],
      [["listen", "--config", "examples/servers.y"], ["examples/servers.yaml"]],
      [["listen", "--tls-cert", "=", "examples/servers.y"], ["examples/servers.yaml"]],
      [["listen", "--port", ""], []],
      [["listen", "--config", "deno.json", "--tls-k"], ["--tls-key"]],
      [["check-config", "examples/set"], ["examples/settings.yaml"]],
      [["check-config", "--j"], ["--json"]],
      [["completions", ""], ["bash", "zsh", "fish"]],
      [["completions", "z"], ["zsh"]],
      [["events", "--"], [
        ...["--last", "--api-port", "--api-host", "--api-token-file", "--no-follow", "--json"],
        "--help",
      ]],
      [["nope", ""], []],
    ];
    for (const [words, expected] of cases) {
      assertEquals(await completeInBash(file.path, ...words), expected, words.join(" "));
    }
  },
});

Deno.test({
  name: "completions bash: a file's name with spaces and dollars is one word",
  ignore: !hasBash,
  async fn() {
    await using script = await makeTemporaryFile(await scriptFor("bash"), ".bash");
    await using odd = await makeTemporaryFile("", " $(a) b.yaml");
    const start = odd.path.slice(0, odd.path.indexOf(" "));
    assertEquals(await completeInBash(script.path, "check-config", start), [odd.path]);
  },
});

Deno.test({
  name: "completions fish: fish completes commands, flags, files and values",
  ignore: !hasFish,
  async fn() {
    await using file = await makeTemporaryFile(await scriptFor("fish"), ".fish");
    const complete = async (line: string) => {
      const code = `source ${file.path}; complete -C ${JSON.stringify(line)}`;
      return (await run("fish", "--no-config", "-c", code)).split("\n").filter((text) =>
        text !== ""
      )
        .map((text) => text.split("\t")[0]);
    };
    const cases: [line: string, expected: string[]][] = [
      ["ballast list", ["list-balancers", "list-servers", "listen"]],
      ["ballast --v", ["--version"]],
      ["ballast listen --po", ["--port"]],
      ["ballast listen --workers ", ["auto"]],
      ["ballast listen --port ", []],
      ["ballast listen --config examples/servers.y", ["examples/servers.yaml"]],
      ["ballast check-config examples/set", ["examples/settings.yaml"]],
      ["ballast completions ", ["bash", "fish", "zsh"]],
      ["ballast events --no", ["--no-follow"]],
    ];
    for (const [line, expected] of cases) {
      assertEquals((await complete(line)).sort(), expected, line);
    }
  },
});

/** Types into a real zsh, presses Tab and Enter, and prints what the program would have got. */
const ZSH = `zmodload zsh/zpty
zpty -b shell 'TERM=dumb zsh -f -i'
say() { zpty -w shell "$1"; }
await() { zpty -r -m shell text "*$1*" || exit 1 }
say "PROMPT= ; autoload -Uz compinit; compinit -D; source $1; ballast() { print -r -- GOT: \\$* :END; }; print RE''ADY"
await READY
shift
for line in "$@"; do
  zpty -w -n shell "ballast $line"$'\\t\\n'
  await "GOT:*:END"
  print -r -- \${\${text##*GOT: }%% :END*}
done
zpty -d shell`;

Deno.test({
  name: "completions zsh: zsh completes commands, flags, files and values",
  ignore: !hasZsh,
  async fn() {
    await using file = await makeTemporaryFile(await scriptFor("zsh"), ".zsh");
    assertEquals(await run("zsh", "-n", file.path), "");
    const cases: [typed: string, got: string][] = [
      ["list-s", "list-servers"],
      ["che", "check-config"],
      ["listen --por", "listen --port"],
      ["listen --workers a", "listen --workers auto"],
      ["listen --config examples/servers.y", "listen --config examples/servers.yaml"],
      ["check-config examples/set", "check-config examples/settings.yaml"],
      ["completions z", "completions zsh"],
      ["events --no", "events --no-follow"],
    ];
    const output = await run(
      "zsh",
      "-f",
      "-c",
      ZSH,
      "zsh",
      file.path,
      ...cases.map(([typed]) => typed),
    );
    assertEquals(output.trimEnd().split("\n"), cases.map(([, got]) => got));
  },
});

Deno.test("completions offers each command with its flags, in every shell", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const script = await scriptFor(shell);
    for (const { name, values, switches } of COMMANDS) {
      for (const flag of [...Object.keys(values), ...Object.keys(switches)]) {
        assertStringIncludes(script, shell === "fish" ? `-l ${flag}` : `--${flag}`, name);
      }
    }
  }
});

Deno.test("completions says which shells there are", async () => {
  for (const [args, found] of [[[], ""], [["ksh"], ', not "ksh"'], [["toString"], ""]] as const) {
    const { code, stderr } = await runCli("completions", ...args);
    assertEquals(code, 2);
    assertMatch(stderr, /^ballast: SHELL must be one of bash, zsh, fish/);
    assertStringIncludes(stderr, found);
  }
});
