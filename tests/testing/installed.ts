/** Whether a program is installed here, so that a test can use it. */
export async function isInstalled(program: string): Promise<boolean> {
  try {
    const command = new Deno.Command(program, { args: ["--version"], stdin: "null" });
    return (await command.output()).success;
  } catch {
    return false;
  }
}
