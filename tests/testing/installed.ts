/**
 * Whether a program is installed here, so that a test can use it.
 *
 * @param program The program.
 * @param arg The argument for its version.
 */
export async function isInstalled(program: string, arg = "--version"): Promise<boolean> {
  try {
    const command = new Deno.Command(program, { args: [arg], stdin: "null" });
    return (await command.output()).success;
  } catch {
    return false;
  }
}
