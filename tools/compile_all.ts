/**
 * Compiles the program for every target into `dist/`, with a file of SHA-256 checksums:
 * `deno task compile-all [TARGET…]`.
 */
import { compile, compileArguments } from "./compile.ts";

/** The names that `deno compile --target` has for the published systems. */
export const TARGETS: readonly string[] = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
];

const root = new URL("../", import.meta.url);

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
  if (Deno.env.get("DENORT_BIN") !== undefined) {
    throw new Error(
      "Cannot compile for several targets: DENORT_BIN names one base binary for all; unset it",
    );
  }
  await Deno.mkdir(new URL("dist/", root), { recursive: true });
  let checksums = "";
  for (const target of targets) {
    const name = binaryName(target);
    await compile(compileArguments(`dist/${name}`, target), `for ${target}`);
    checksums += await checksumLine(name, await Deno.readFile(new URL(`dist/${name}`, root)));
  }
  await Deno.writeTextFile(new URL("dist/SHA256SUMS", root), checksums);
}

if (import.meta.main) await compileAll(Deno.args.length > 0 ? Deno.args : TARGETS);
