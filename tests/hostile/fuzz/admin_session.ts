import { assert, assertEquals } from "@std/assert";
import { createAdmin, LoadBalancer } from "../../../mod.ts";
import type { AdminRequest } from "./admin_requests.ts";

/** A server as the API tells it. */
interface ModelServer {
  readonly url: string;
  readonly name: string;
  readonly weight: number;
  readonly health_check_period: number;
  readonly max_connections: number;
  readonly draining: boolean;
}

const FIELDS = ["url", "name", "weight", "health_check_period", "max_connections", "draining"];

/** A model of the registry after the accepted requests, written independently. */
class Model {
  readonly servers = new Map<string, ModelServer>();

  /** The status that a request gets which nothing but the servers can make the API refuse. */
  expectedStatus(path: string, body: string): number {
    const known = this.servers.has(urlOf(JSON.parse(body)));
    if (path === "/add") return known ? 409 : 200;
    return known ? 200 : 404;
  }

  /** Makes a change that was accepted, after a check that it may have been. */
  apply(path: string, given: unknown): ModelServer {
    const url = urlOf(given);
    const previous = this.servers.get(url);
    assertEquals(previous !== undefined, path !== "/add", "it is there, or it is not");
    if (path === "/delete") {
      this.servers.delete(url);
      return previous!;
    }
    assert(typeof given === "object" && given !== null);
    checkFields(given);
    const defaults = { name: new URL(url).host, weight: 1, health_check_period: 10 };
    const rest = { max_connections: 0, draining: false };
    const server = { ...defaults, ...rest, ...previous, ...given, url };
    this.servers.set(url, server);
    return server;
  }
}

/** Plays a session, and checks every answer and what there is after it. */
export async function playSession(session: readonly AdminRequest[]): Promise<void> {
  await using balancer = new LoadBalancer();
  const admin = createAdmin(balancer);
  const model = new Model();
  for (const sent of session) {
    const { method, path, type, body, valid } = sent;
    const request = new Request(`http://127.0.0.1${path}`, {
      method,
      headers: type === undefined ? {} : { "content-type": type },
      // Without a type of its own; text would get one.
      body: method === "GET" || method === "HEAD" ? null : new TextEncoder().encode(body),
    });
    const { pathname } = new URL(request.url);
    const expected = valid ? model.expectedStatus(pathname, body) : undefined;
    const response = await admin.fetch(request);
    const answer = await response.json();
    if (expected !== undefined) assertEquals(response.status, expected);
    if (response.status !== 200) assertProblem(response, answer);
    else if (method === "POST") {
      const text = type === undefined || type.startsWith("text/plain");
      assertEquals(answer, model.apply(pathname, text ? body.trim() : JSON.parse(body)));
    }
    assertEquals(
      balancer.servers().map((server) => ({
        url: server.url,
        name: server.name,
        weight: server.weight,
        health_check_period: server.healthCheckPeriod,
        max_connections: server.maxConnections,
        draining: server.draining,
      })),
      [...model.servers.values()],
    );
  }
  assertEquals(Object.keys({}), [], "the prototype of all objects is as it was");
}

/** Fails if this is no refusal as the API words it. */
export function assertProblem(
  response: Response,
  problem: { status: number; detail: string },
): void {
  const { status } = response;
  assert(status >= 400 && status < 500, `${status}`);
  assertEquals(response.headers.get("content-type"), "application/problem+json");
  assertEquals([problem.status, typeof problem.detail], [status, "string"]);
}

/** The key of a server: by the URL standard, less the slashes at the end. */
function urlOf(given: unknown): string {
  const text = typeof given === "string" ? given : (given as { url: string }).url;
  const url = new URL(text);
  assert(["http:", "https:"].includes(url.protocol) && url.search + url.hash === "");
  return url.origin + url.pathname.replace(/\/+$/, "");
}

/** Fails if a server was accepted with a field that is not allowed. */
export function checkFields(given: object): void {
  for (const [key, value] of Object.entries(given)) {
    assert(FIELDS.includes(key), `${key} is a field`);
    if (key === "name") assert(typeof value === "string" && value !== "" && value.length <= 255);
    else if (key === "draining") assert(typeof value === "boolean");
    else if (key !== "url") assertEquals(value >>> 0, value, `${key} fits 32 bits`);
  }
}
