/** Suffix of the name of a skipped test. */
export const NOT_INSTALLED = " (skipped: not installed; Debian has it in the package prometheus)";

/** Whether this program is installed. */
export async function isInstalled(program: string): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args: ["--version"] }).output()).success;
  } catch {
    return false;
  }
}

/** The output of `promtool` for this input. */
export async function promtool(
  input: string,
  ...args: string[]
): Promise<{ readonly code: number; readonly text: string }> {
  const child = new Deno.Command("promtool", {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}
