/**
 * Compiles the program for every target into `dist/`, with a file of SHA-256 checksums:
 * `deno task compile-all [TARGET…]`.
 *
 * Permissions and what is included come from the task `compile` in `deno.json`, so that all
 * binaries are made in the one way that is tested.
 */

/** What `deno compile --target` calls the systems that binaries are published for. */
export const TARGETS: readonly string[] = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
];

const root = new URL("../", import.meta.url);

/**
 * The arguments of Deno that compile the program for a target.
 *
 * @param command The command of the task `compile`.
 * @param target One of the targets.
 */
export function compileArguments(command: string, target: string): string[] {
  const [deno, compile, ...rest] = command.split(" ");
  const output = rest.indexOf("--output");
  if (deno !== "deno" || compile !== "compile" || output === -1) {
    throw new TypeError(`Cannot use the task compile: "${command}" is no "deno compile --output"`);
  }
  rest[output + 1] = `dist/${binaryName(target)}`;
  return [compile, "--target", target, ...rest];
}

/** The name of a target's binary. */
export function binaryName(target: string): string {
  return `ballast-${target}${target.includes("windows") ? ".exe" : ""}`;
}

/** A line of the file with the checksums, as `sha256sum --check` reads it. */
export async function checksumLine(
  name: string,
  content: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return `${digest.toHex()}  ${name}\n`;
}

async function compileAll(targets: readonly string[]): Promise<void> {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  await Deno.mkdir(new URL("dist/", root), { recursive: true });
  let checksums = "";
  for (const target of targets) {
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: compileArguments(tasks.compile.command, target),
      cwd: root,
      stdout: "inherit",
      stderr: "inherit",
    }).output();
    if (!success) throw new Error(`Cannot compile for ${target}: deno compile failed, see above`);
    const name = binaryName(target);
    checksums += await checksumLine(name, await Deno.readFile(new URL(`dist/${name}`, root)));
  }
  await Deno.writeTextFile(new URL("dist/SHA256SUMS", root), checksums);
}

if (import.meta.main) await compileAll(Deno.args.length > 0 ? Deno.args : TARGETS);
