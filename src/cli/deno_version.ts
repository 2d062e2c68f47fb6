/**
 * The oldest Deno on which every test passes. On those before it, some certificates end the process,
 * and up to 2.9.2 a client can.
 */
export const OLDEST_DENO = "2.9.6";

/**
 * What to tell somebody who runs the program on a Deno that is too old; undefined where it is not.
 *
 * @param version The version of Deno, `Deno.version.deno`.
 */
export function oldDenoWarning(version: string): string | undefined {
  if (!isOlder(version, OLDEST_DENO)) return undefined;
  return `Deno ${version} has faults by which clients or certificates can end the process; use ` +
    `${OLDEST_DENO} or newer (deno upgrade)`;
}

/** Compares the three numbers; what follows them, as in 2.10.0-rc.1, does not count. */
function isOlder(one: string, other: string): boolean {
  const [left, right] = [one, other].map((version) => version.split(/[.+-]/, 3).map(Number));
  const differing = left!.findIndex((number, i) => number !== right![i]);
  return differing !== -1 && left![differing]! < right![differing]!;
}
