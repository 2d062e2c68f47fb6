import { BalancerError } from "../model/errors.ts";

/** Two dots in any spelling; a path without them has no dot segments that lead upwards. */
const TWO_DOTS = /(?:\.|%2e){2}/i;
/** Characters that some servers read as a slash and others as part of a segment. */
const AMBIGUOUS_SLASHES = [/\\/g, /%2f/gi, /%5c/gi] as const;

/**
 * Checks that a request stays under its server's base path, however that server resolves dot segments
 * (RFC 3986 §5.2.4).
 *
 * @param basePath The path of the server's URL, without a slash at the end.
 * @param target The request target.
 * @returns The error `bad_request` if the target could leave the base path.
 */
export function basePathFault(basePath: string, target: string): BalancerError | undefined {
  if (basePath === "" || !TWO_DOTS.test(target)) return undefined;
  const question = target.indexOf("?");
  if (!mayClimb(question === -1 ? target : target.slice(0, question), 0)) return undefined;
  return new BalancerError(
    "bad_request",
    "The request was refused: its path has dot segments that lead out of the server's base path",
    { source: "downstream" },
  );
}

/**
 * Puts a request target under a server's base path. `OPTIONS *` concerns a server as a whole
 * (RFC 9110 §9.3.7): under a base path, that is the path itself.
 *
 * @param basePath The path of the server's URL, without a slash at the end.
 * @param target The request target.
 */
export function targetUnder(basePath: string, target: string): string {
  if (target === "*") return basePath === "" ? "*" : `${basePath}/`;
  return basePath + target;
}

/**
 * Whether some server could resolve the path to one above its start, for any reading of the
 * ambiguous slashes: the depth of a path before its dots depends on them.
 *
 * @param path The path.
 * @param decided How many of the ambiguous slashes are decided already.
 */
function mayClimb(path: string, decided: number): boolean {
  const slash = AMBIGUOUS_SLASHES[decided];
  if (slash === undefined) return climbs(path);
  const other = path.replaceAll(slash, "/");
  return mayClimb(path, decided + 1) || (other !== path && mayClimb(other, decided + 1));
}

function climbs(path: string): boolean {
  let depth = 0;
  for (const segment of path.split("/").map(resolvedSegment)) {
    if (segment === "..") depth--;
    // nginx merges slashes, so an empty segment is not a level; to Java servers, ";x" is empty.
    else if (segment !== "" && segment !== ".") depth++;
    if (depth < 0) return true;
  }
  return false;
}

/** A segment as servers compare it: with its dots decoded, and without parameters (Tomcat, Jetty). */
function resolvedSegment(segment: string): string {
  const [name = ""] = segment.split(/;|%3b/i, 1);
  return name.replaceAll(/%2e/gi, ".");
}
