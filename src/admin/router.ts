import type { AdminCall, Operation, Routes } from "./operation.ts";
import { Problem } from "./problem.ts";
import { readQuery } from "./query.ts";

/** Finds the operation for a request. */
export class Router {
  readonly #routes: Routes;

  /** @param routes All operations; the first path that matches counts. */
  constructor(routes: Routes) {
    this.#routes = routes;
  }

  /**
   * Finds the operation, and reads the query for it.
   *
   * @throws {Problem} 400, 404 or 405.
   * @throws {BalancerError} `invalid`, with every parameter that is unknown or wrong.
   */
  find(request: Request): { operation: Operation; call: AdminCall } {
    const url = new URL(request.url);
    for (const [path, methods] of Object.entries(this.#routes)) {
      const params = match(path, url.pathname);
      if (params === undefined) continue;
      const method = request.method === "HEAD" ? "GET" : request.method;
      if (!Object.hasOwn(methods, method)) throw notAllowed(methods);
      const operation = methods[method]!;
      const query = operation.query === undefined ? {} : readQuery(url, operation.query);
      return { operation, call: { request, url, params, query } };
    }
    throw new Problem(404, `No such path; try ${Object.keys(this.#routes).join(", ")}`);
  }
}

/** The segments of a path by the names of a pattern; undefined if it does not match. */
function match(pattern: string, path: string): Record<string, string> | undefined {
  const names = pattern.split("/");
  const segments = path.split("/");
  if (names.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, name] of names.entries()) {
    const segment = segments[i]!;
    if (!name.startsWith("{")) {
      if (name !== segment) return undefined;
    } else if (segment === "") return undefined;
    else params[name.slice(1, -1)] = decode(segment);
  }
  return params;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new Problem(400, `The path has a part that is not percent-encoded UTF-8: ${segment}`);
  }
}

function notAllowed(methods: Readonly<Record<string, Operation>>): Problem {
  const allow = Object.keys(methods).flatMap((name) => name === "GET" ? ["GET", "HEAD"] : [name]);
  return new Problem(405, `Only ${allow.join(" and ")} can be used here`, {
    headers: { "allow": allow.join(", ") },
  });
}
