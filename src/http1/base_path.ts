import { BalancerError } from "../model/errors.ts";

/** Without one of these, a path has no dot segments, however it is spelled. */
const TWO_DOTS = /(?:\.|%2e){2}/i;
/** What some servers take for a slash, each on its own, and others for a part of a segment. */
const UNSURE_SLASHES = [/\\/g, /%2f/gi, /%5c/gi] as const;

/**
 * Checks that a request stays under the base path of the server that it is for, whichever way that
 * server resolves dot segments (RFC 3986 §5.2.4).
 *
 * @param basePath The path of the server's URL, without a slash at the end.
 * @param target The request target.
 * @returns The error `bad_request` if the target would leave a base path.
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
 * The request target under a server's base path. `OPTIONS *` asks about a server as a whole
 * (RFC 9110 §9.3.7): of a base path, that is the path itself.
 *
 * @param basePath The path of the server's URL, without a slash at the end.
 * @param target The request target.
 */
export function targetUnder(basePath: string, target: string): string {
  if (target === "*") return basePath === "" ? "*" : `${basePath}/`;
  return basePath + target;
}

/**
 * Whether a server would take the path for one above the one at which it begins, with any choice of
 * the slashes that are unsure: how deep a path is before its dots depends on them.
 *
 * @param path The path.
 * @param decided For how many of the unsure slashes the choice is made already.
 */
function mayClimb(path: string, decided: number): boolean {
  const slash = UNSURE_SLASHES[decided];
  if (slash === undefined) return climbs(path);
  const other = path.replaceAll(slash, "/");
  return mayClimb(path, decided + 1) || (other !== path && mayClimb(other, decided + 1));
}

function climbs(path: string): boolean {
  let depth = 0;
  for (const segment of path.split("/").map(resolvedSegment)) {
    if (segment === "..") depth--;
    // nginx merges slashes, so an empty segment is no level; to Java servers, ";x" is empty.
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
