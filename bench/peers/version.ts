import { runToEnd } from "../harness/processes.ts";

/**
 * The version that a program says it is.
 *
 * @param argv The program and the arguments that make it say so.
 * @param pattern The pattern; its first group is the version.
 * @returns Undefined when the program is not installed or says nothing that fits.
 */
export async function versionOf(
  argv: readonly string[],
  pattern: RegExp,
): Promise<string | undefined> {
  // Some say it on the standard error.
  const { stdout, stderr } = await runToEnd({ argv }, { timeout: 10_000 });
  return pattern.exec(stdout + stderr)?.[1];
}
