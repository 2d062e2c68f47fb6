/** The oldest version of each runtime that has what Ballast uses. Deno and Bun have Node's as well. */
const OLDEST = [
  { name: "Deno", key: "deno", version: "2.0" },
  { name: "Bun", key: "bun", version: "1.2" },
  // URL.parse came with 22.1, process.getBuiltinModule with 22.3.
  { name: "Node", key: "node", version: "22.3" },
] as const;

/**
 * Says why Ballast cannot be loaded; undefined where it can, or where nobody knows the runtime.
 *
 * @param versions `process.versions`; undefined on a runtime without it.
 */
export function runtimeFault(
  versions: Readonly<Record<string, string | undefined>> | undefined,
): string | undefined {
  const runtime = OLDEST.find(({ key }) => versions?.[key] !== undefined);
  if (runtime === undefined) return undefined;
  const { name, version } = runtime;
  const found = versions![runtime.key]!;
  const [major, minor] = numbers(found);
  const [oldestMajor, oldestMinor] = numbers(version);
  if (major! > oldestMajor! || major === oldestMajor && minor! >= oldestMinor!) return undefined;
  return `Cannot load Ballast: it needs ${name} ${version} or newer, and this is ${name} ${found}. ` +
    `Install a newer ${name}.`;
}

/** Parts that are not numbers become 0, so that an unparsable version is rejected. */
function numbers(version: string): number[] {
  return version.split(".").map((part) => Number.parseInt(part) || 0);
}

/**
 * The oldest Deno on which every test passes. In older ones some certificates crash the process, and
 * up to 2.9.2 a client can.
 */
export const OLDEST_DENO = "2.9.6";

/**
 * A warning about a Deno older than that; undefined for a newer one.
 *
 * @param version The version of Deno, `Deno.version.deno`.
 */
export function oldDenoWarning(version: string): string | undefined {
  if (!isOlder(version, OLDEST_DENO)) return undefined;
  return `Deno ${version} has bugs that let clients or certificates crash the process; use ` +
    `${OLDEST_DENO} or newer (deno upgrade)`;
}

/** Compares the three numbers, and ignores a suffix as in 2.10.0-rc.1. */
function isOlder(one: string, other: string): boolean {
  const [left, right] = [one, other].map((version) => version.split(/[.+-]/, 3).map(Number));
  const differing = left!.findIndex((number, i) => number !== right![i]);
  return differing !== -1 && left![differing]! < right![differing]!;
}

// On older runtimes the rest fails to load, with errors that do not mention the version.
const fault = runtimeFault(
  (globalThis as { process?: { versions?: Record<string, string | undefined> } }).process?.versions,
);
if (fault !== undefined) throw new Error(fault);
