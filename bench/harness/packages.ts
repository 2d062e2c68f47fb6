import { runToEnd } from "./processes.ts";

/** Where npm packages are installed for the benchmark, once; git ignores it. */
export const PACKAGES = new URL("../.cache", import.meta.url).pathname;

const INSTALL_TIMEOUT = 180_000;

/**
 * Installs the packages that are not there yet.
 *
 * @param specifiers Names with exact versions, for example `fastify@5.12.8`.
 * @returns npm's message if it fails; the peers that need the packages then count as not installed.
 */
export async function installPackages(specifiers: readonly string[]): Promise<string | undefined> {
  const missing: string[] = [];
  for (const specifier of specifiers) {
    const at = specifier.lastIndexOf("@");
    const installed = await packageVersion(specifier.slice(0, at));
    if (installed !== specifier.slice(at + 1)) missing.push(specifier);
  }
  if (missing.length === 0) return undefined;
  await Deno.mkdir(PACKAGES, { recursive: true });
  const { success, stderr } = await runToEnd({
    argv: ["npm", "install", "--prefix", PACKAGES, "--no-audit", "--no-fund", ...missing],
  }, { timeout: INSTALL_TIMEOUT });
  if (success) return undefined;
  return stderr.trim().split("\n").find((line) => line.includes("error")) ?? "npm took too long";
}

/** The installed version of an npm package; undefined when it is not installed. */
export async function packageVersion(name: string): Promise<string | undefined> {
  try {
    const text = await Deno.readTextFile(`${PACKAGES}/node_modules/${name}/package.json`);
    return JSON.parse(text).version;
  } catch {
    return undefined;
  }
}
