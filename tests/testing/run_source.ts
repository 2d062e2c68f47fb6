import { ROOT } from "./program.ts";

/** How a program has ended. */
export interface SourceResult {
  /** The exit code. */
  readonly code: number;
  /** The standard output. */
  readonly stdout: string;
  /** The standard error output. */
  readonly stderr: string;
}

/**
 * Runs the source text of a module in a Deno of its own, in the project's folder, to its end, which
 * has to come within 30 s.
 *
 * @param source The text.
 * @param flags Further flags of `deno run`; without any, it has no permission.
 */
export async function runSource(source: string, ...flags: string[]): Promise<SourceResult> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...flags, "-"],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(30_000),
  }).spawn();
  await new Blob([source]).stream().pipeTo(child.stdin);
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
