import { Problem } from "./problem.ts";

/**
 * Refuses requests that a web page of another site makes its visitor's browser send. Browsers say so
 * in `Origin` (Fetch §3.2) or `Sec-Fetch-Site` (Fetch Metadata §2.4), which no page can change or
 * leave out. Programs send neither.
 *
 * @param request What was received, with a Host that was checked.
 * @throws {Problem} 403 if another site's page sent it.
 */
export function checkOrigin(request: Request): void {
  const origin = request.headers.get("origin");
  if (origin !== null && origin !== new URL(request.url).origin) {
    throw refusal("origin", "must be this API's own, or left out");
  }
  const site = request.headers.get("sec-fetch-site");
  // "none" is what a user typed into the browser.
  if (site !== null && site !== "same-origin" && site !== "none") {
    throw refusal("sec-fetch-site", "must be same-origin or none, or left out");
  }
}

function refusal(field: string, detail: string): Problem {
  const message = `Pages of other sites cannot use this API: the field ${field} ${detail}`;
  return new Problem(403, message, { faults: [{ field, detail }] });
}
