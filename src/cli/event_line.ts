import type { EventJson } from "../admin/event_stream.ts";
import type { ServerJson } from "../admin/server_json.ts";
import { printable } from "./output.ts";

/** The longest name of a type, so that what is behind it is aligned. */
const TYPE_WIDTH = "unhealthy".length;

/**
 * An event as one line for people.
 *
 * @param event What the admin API says.
 */
export function eventLine({ at, type, server, previous, detail }: EventJson): string {
  const who = server === null ? "" : `${server.name} ${server.url}`;
  const what = [
    ...(server === null || previous === null ? [] : [changes(previous, server)]),
    ...(detail === null ? [] : [detail]),
  ].join("; ");
  const end = [who, what].filter((part) => part !== "").join(": ");
  return printable(`${at} ${type.padEnd(TYPE_WIDTH)} ${end}`);
}

/** What is different, old and new. */
function changes(before: ServerJson, after: ServerJson): string {
  const names = Object.keys(after) as (keyof ServerJson)[];
  const different = names.filter((name) => before[name] !== after[name]);
  if (different.length === 0) return "nothing was different";
  return different.map((name) => `${name} ${before[name]} → ${after[name]}`).join(", ");
}
