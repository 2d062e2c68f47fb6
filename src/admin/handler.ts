import { getLogger } from "@logtape/logtape";
import { camelKeys } from "../config/names.ts";
import { removalSchema, serverSchema } from "../config/schema.ts";
import { validate } from "../config/validate.ts";
import { BalancerError } from "../core/errors.ts";
import type { Server, ServerChange, ServerInit } from "../core/server.ts";
import type { ServerStatus } from "../core/server_status.ts";
import { type AdminOptions, Guard } from "./guard.ts";
import { errorToResponse, Problem } from "./problem.ts";
import { readBody } from "./read_body.ts";
import { serverJson, serverStatusJson } from "./server_json.ts";

const logger = getLogger(["ballast", "admin"]);

/** What the admin API needs of a balancer; a `LoadBalancer` has it. */
export interface AdminTarget {
  /** Adds a server. */
  add(server: ServerInit): Server;
  /** Changes a server. */
  update(url: string, change: ServerChange): Server;
  /** Removes a server; what it works on is broken off after `drain` seconds. Default: never. */
  remove(url: string, drain?: number): Server;
  /** The servers with how they are doing. */
  servers(): ServerStatus[];
  /**
   * Waits until every server that was added or removed so far is so on every thread. Default: it is
   * at once.
   */
  settled?(): Promise<void>;
}

/** An admin API, ready to be served. */
export interface Admin {
  /** Answers a request to the admin API. Never rejects. */
  readonly fetch: (request: Request) => Promise<Response>;
}

type Route = (target: AdminTarget, request: Request) => Promise<unknown> | unknown;

const ROUTES: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
  "/add": { POST: add },
  "/update": { POST: update },
  "/delete": { POST: remove },
  "/servers": { GET: list },
  "/healthz": { GET: health },
};

/**
 * The HTTP API by which a balancer's servers are added, changed and removed: `POST /add`,
 * `POST /update`, `POST /delete`, `GET /servers`, `GET /healthz`. Errors are
 * `application/problem+json` (RFC 9457); after one, nothing has changed.
 *
 * It answers only requests for `localhost` and the loopback addresses, and none that web pages of
 * other sites send. Without a token, whoever can reach it rules: serve it on a loopback address.
 * To be called by another name, for example behind `http://lb.internal:8000`, give it that name and
 * a token: `createAdmin(balancer, { hosts: ["lb.internal"], token })`.
 *
 * @param balancer What to change.
 * @param options Who may use it.
 * @returns The API; pass its `fetch` to a server.
 * @throws {BalancerError} `invalid` if the options make no sense.
 *
 * @example
 * ```ts
 * import { createAdmin, LoadBalancer } from "@ballast/lb";
 *
 * await using balancer = new LoadBalancer();
 * const admin = createAdmin(balancer);
 * const response = await admin.fetch(new Request("http://localhost/healthz"));
 * console.assert(response.status === 200);
 * ```
 */
export function createAdmin(balancer: AdminTarget, options: AdminOptions = {}): Admin {
  const guard = new Guard(options);
  return { fetch: (request) => answer(balancer, guard, request) };
}

async function answer(target: AdminTarget, guard: Guard, request: Request): Promise<Response> {
  try {
    await guard.check(request);
    const value = await route(request)(target, request);
    return new Response(JSON.stringify(value) + "\n", {
      headers: { "content-type": "application/json", "cache-control": "no-store" },
    });
  } catch (error) {
    if (!(error instanceof Problem || error instanceof BalancerError)) {
      logger.error("Unexpected: {error}", { error });
    }
    return errorToResponse(error);
  }
}

function route(request: Request): Route {
  const { pathname } = new URL(request.url);
  const methods = Object.hasOwn(ROUTES, pathname) ? ROUTES[pathname]! : undefined;
  if (methods === undefined) {
    throw new Problem(404, `There is nothing here; try ${Object.keys(ROUTES).join(", ")}`);
  }
  const method = request.method === "HEAD" ? "GET" : request.method;
  if (Object.hasOwn(methods, method)) return methods[method]!;
  const allow = Object.keys(methods).flatMap((name) => name === "GET" ? ["GET", "HEAD"] : [name]);
  throw new Problem(405, `Only ${allow.join(" and ")} can be used here`, {
    headers: { "allow": allow.join(", ") },
  });
}

async function add(target: AdminTarget, request: Request): Promise<unknown> {
  const body = validate(serverSchema, await readBody(request, false), "the body");
  const server = target.add(camelKeys(body));
  await target.settled?.();
  logger.info("Added {url}", { url: server.url });
  return serverJson(server);
}

async function update(target: AdminTarget, request: Request): Promise<unknown> {
  const body = validate(serverSchema, await readBody(request, false), "the body");
  const { url, ...change } = camelKeys(body);
  const server = target.update(url, change);
  logger.info("Updated {url}", { url: server.url });
  return serverJson(server);
}

async function remove(target: AdminTarget, request: Request): Promise<unknown> {
  const body = await readBody(request, true);
  // The seed's body is the URL itself.
  const value = typeof body === "string" ? { url: body } : body;
  const { url, drain } = validate(removalSchema, value, "the body");
  const server = target.remove(url, drain);
  await target.settled?.();
  logger.info("Deleted {url}", { url: server.url });
  return serverJson(server);
}

function list(target: AdminTarget): unknown {
  return target.servers().map(serverStatusJson);
}

function health(target: AdminTarget): unknown {
  const servers = target.servers();
  const healthy = servers.filter((server) => server.healthy).length;
  return { status: "ok", servers: servers.length, healthy };
}
