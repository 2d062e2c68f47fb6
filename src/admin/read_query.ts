import { Problem } from "./problem.ts";

/**
 * The query of a URL as an object: what looks like a whole number is one, all else is text.
 *
 * @param url The URL.
 * @throws {Problem} 400, if a name is there twice.
 */
export function readQuery(url: URL): Record<string, string | number> {
  const query = new Map<string, string | number>();
  for (const [name, text] of url.searchParams) {
    if (query.has(name)) {
      throw new Problem(
        400,
        `The query has ${JSON.stringify(name.slice(0, 100))} twice; keep one`,
        {
          faults: [{
            field: name === "" ? '""' : name.slice(0, 100),
            detail: "must not be given twice",
          }],
        },
      );
    }
    query.set(name, /^[0-9]+$/.test(text) ? Number(text) : text);
  }
  return Object.fromEntries(query);
}
