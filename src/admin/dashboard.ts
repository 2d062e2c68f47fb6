import { readTagCondition } from "./entity_tag.ts";
import type { AdminCall, Operation, Routes } from "./operation.ts";
import { Problem } from "./problem.ts";

/** A file that the admin API serves to browsers. */
export interface DashboardFile {
  /** Media type, the value of `content-type`. */
  readonly type: string;
  /** Its content. */
  readonly text: string;
}

/**
 * Files of a web page that shows and controls a balancer through the admin API, by name:
 * `index.html` is served at `/`, each other file under `/dashboard/`. They are served without a
 * token, so nothing in them may be secret.
 */
export type Dashboard = Readonly<Record<string, DashboardFile>>;

/** Path of the files. */
const FOLDER = "/dashboard/";

/** Name of the page among the files. */
const PAGE = "index.html";

/** Whether a request is for the page or a file of the dashboard, by its path and method alone. */
export function asksForDashboard(request: Request): boolean {
  if (request.method !== "GET" && request.method !== "HEAD") return false;
  const { pathname } = new URL(request.url);
  return pathname === "/" || pathname.startsWith(FOLDER);
}

/**
 * Lets the page run scripts, use styles and make requests of its own origin, and nothing else. The
 * page's code never turns the names of servers into markup; if it did, they could still not run or
 * load anything.
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
  // Revalidated each time, as a newer balancer may have newer files; a 304 costs little.
  "cache-control": "no-cache",
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Routes of the page and its files; none without a dashboard. */
export function dashboardRoutes(dashboard: Dashboard | undefined): Routes {
  if (dashboard === undefined) return {};
  const files = new FileServer(dashboard);
  return {
    "/": fileOperation("The dashboard", (_, call) => files.answer(PAGE, call)),
    "/dashboard/{file}": fileOperation(
      "A file of the dashboard",
      (_, call) => files.answer(call.params["file"]!, call),
    ),
  };
}

function fileOperation(summary: string, handler: Operation["handler"]): { GET: Operation } {
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
