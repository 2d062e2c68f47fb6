/** The project's folder. */
export const ROOT: URL = new URL("../", import.meta.url);

/**
 * Runs a program in the project's folder to its end.
 *
 * @param program Its name; `deno` is the Deno that runs this.
 * @param args Its arguments.
 * @throws {Error} If it fails, with what it said.
 */
export async function run(program: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(
    program === "deno" ? Deno.execPath() : program,
    { args: [...args], cwd: ROOT, stdout: "null", stderr: "piped" },
  ).output();
  if (success) return;
  const said = new TextDecoder().decode(stderr).trim();
  throw new Error(`Cannot run ${program} ${args.join(" ")}: ${said}`);
}

/** Makes a folder for the time of some work. */
export async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
