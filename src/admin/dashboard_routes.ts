import { type Dashboard, type DashboardFile, PAGE } from "./dashboard.ts";
import { readTagCondition } from "./entity_tag.ts";
import { Problem } from "./problem.ts";
import type { AdminCall, Operation, Route } from "./operation.ts";
import type { Routes } from "./router.ts";

/**
 * What the page may do: run scripts, use styles and make requests of its own origin, and nothing
 * else. What servers are called cannot become markup by the page's code; if it did, it could still
 * not run or load anything.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS = {
  // Asked for again each time, as a newer balancer may have newer files; a 304 costs little.
  "cache-control": "no-cache",
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/**
 * The routes of the page and its files.
 *
 * @param dashboard The files; none have no routes.
 */
export function dashboardRoutes(dashboard: Dashboard | undefined): Routes {
  if (dashboard === undefined) return {};
  const files = new FileServer(dashboard);
  return {
    "/": operation("The dashboard", (_, call) => files.answer(PAGE, call)),
    "/dashboard/{file}": operation(
      "A file of the dashboard",
      (_, call) => files.answer(call.params["file"]!, call),
    ),
  };
}

function operation(summary: string, handler: Route): { GET: Operation } {
  return { GET: { summary, handler, answers: { 200: { description: summary } } } };
}

/** Serves files from memory. */
class FileServer {
  readonly #files: Dashboard;
  readonly #tags = new Map<string, string>();

  constructor(files: Dashboard) {
    this.#files = files;
  }

  async answer(name: string, { request }: AdminCall): Promise<Response> {
    if (!Object.hasOwn(this.#files, name)) {
      throw new Problem(404, "The dashboard has no such file; it is at /");
    }
    const file = this.#files[name]!;
    const tag = this.#tags.get(name) ?? await makeTag(file);
    this.#tags.set(name, tag);
    const headers = { ...HEADERS, "etag": tag };
    if (isKnown(tag, request.headers)) {
      return new Response(null, { status: 304, headers });
    }
    return new Response(request.method === "HEAD" ? null : file.text, {
      headers: { ...headers, "content-type": file.type },
    });
  }
}

/** An entity tag that is the same for the same content only (RFC 9110 §8.8.3). */
async function makeTag({ text }: DashboardFile): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const bytes = [...new Uint8Array(digest, 0, 12)];
  return `"${bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")}"`;
}

/** Whether If-None-Match names this tag, by the weak comparison (RFC 9110 §13.1.2). */
function isKnown(tag: string, headers: Headers): boolean {
  const condition = readTagCondition(headers, "if-none-match");
  if (condition === undefined || condition === "*") return condition === "*";
  return condition.includes(tag) || condition.includes(`W/${tag}`);
}
