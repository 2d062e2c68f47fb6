/**
 * Compiles the program to one binary for this machine: `deno task compile [OUTPUT]`.
 *
 * `deno compile` puts whatever `DENORT_BIN` names before the program, and does not look at it: with
 * something that only stands in for the base binary, it succeeds and the file does not run. So it is
 * run, and a file that is no program is not called like one.
 */

/** How the program is compiled: what it may do, and the module that only a URL in the code names. */
const COMPILE = [
  ...["compile", "--allow-net", "--allow-read", "--no-prompt"],
  ...["--include", "src/workers/worker.ts"],
];
/** Stands behind the name of a file that does not run. */
const NO_PROGRAM = ".not-a-program";

const root = new URL("../", import.meta.url);

/**
 * The arguments of Deno that compile the program.
 *
 * @param output The file to make.
 * @param target The target platform. Default: this machine.
 */
export function compileArguments(output: string, target?: string): string[] {
  const on = target === undefined ? [] : ["--target", target];
  return [...COMPILE, ...on, "--output", output, "cli.ts"];
}

/**
 * Runs Deno with such arguments, in the project's folder.
 *
 * @throws {Error} If it fails; it has said why.
 */
export async function compile(args: readonly string[], what: string): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: root,
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot compile ${what}: deno compile failed, see above`);
}

async function compileHere(output: string): Promise<void> {
  Deno.chdir(root);
  await compile(compileArguments(output), output);
  const file = Deno.build.os === "windows" && !output.endsWith(".exe") ? `${output}.exe` : output;
  const { version } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  if (await whatItSays(file) === `ballast ${version}`) return;
  await Deno.rename(file, file + NO_PROGRAM);
  const base = Deno.env.get("DENORT_BIN");
  const why = base === undefined ? "" : `, as DENORT_BIN names ${base}, which is no base binary`;
  throw new Error(
    `Cannot compile ${file}: it does not run${why}. It is kept as ${file}${NO_PROGRAM}. Unset ` +
      "DENORT_BIN, or let it name the denort of this Deno",
  );
}

/** A binary's answer to `--version`; empty if it cannot be run. */
async function whatItSays(file: string): Promise<string> {
  try {
    // Without a folder, it would be looked for among the programs of the system.
    const program = /[\\/]/.test(file) ? file : `./${file}`;
    const { stdout } = await new Deno.Command(program, { args: ["--version"] }).output();
    return new TextDecoder().decode(stdout).trim();
  } catch {
    return "";
  }
}

if (import.meta.main) {
  try {
    await compileHere(Deno.args[0] ?? "ballast");
  } catch (error) {
    // deno-lint-ignore no-console
    console.error((error as Error).message);
    Deno.exit(1);
  }
}
