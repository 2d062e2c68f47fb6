/** A file that the admin API serves to browsers. */
export interface DashboardFile {
  /** Its media type, as `content-type` says it. */
  readonly type: string;
  /** Its content. */
  readonly text: string;
}

/**
 * The files of a web page that watches and steers a balancer through the admin API, by their names:
 * `index.html` is served at `/`, each other file at `/dashboard/` and its name. They can be had
 * without a token, so nothing in them may be secret.
 */
export type Dashboard = Readonly<Record<string, DashboardFile>>;

/** The folder of the files in URLs. */
const FOLDER = "/dashboard/";

/** The name of the page among the files. */
export const PAGE = "index.html";

/**
 * Whether a request asks for the page or a file of the dashboard, by its path and method alone.
 *
 * @param request What was received.
 */
export function asksForDashboard(request: Request): boolean {
  if (request.method !== "GET" && request.method !== "HEAD") return false;
  const { pathname } = new URL(request.url);
  return pathname === "/" || pathname.startsWith(FOLDER);
}
