import * as fc from "fast-check";
import { damaged, NUMBER_TEXTS, ODD_KEYS, oddText } from "./odd_values.ts";

/** A request to the admin API. */
export interface AdminRequest {
  /** The method. */
  readonly method: string;
  /** The path, possibly with a query. */
  readonly path: string;
  /** The Content-Type; undefined sends none. */
  readonly type: string | undefined;
  /** The content. */
  readonly body: string;
  /** Whether nothing but the servers that there are can make the API refuse it. */
  readonly valid: boolean;
}

/** URLs of servers, some of them in several spellings. */
export const URLS: readonly string[] = [
  ["http://127.0.0.1:3001", "HTTP://127.0.0.1:3001/", "http://127.0.0.1:3001//"],
  ["http://127.0.0.1", "http://127.0.0.1:80", "HTTP://127.0.0.1:80/"],
  ["http://localhost:3001", "http://LocalHost:3001"],
  ["http://[::1]:3001", "http://[0:0:0:0:0:0:0:1]:3001/"],
  ["http://127.0.0.1:3001/app", "http://127.0.0.1:3001/x/../app/"],
  ["https://127.0.0.1:3001", "https://127.0.0.1:3001"],
].flat();

const CHANGES = ["/add", "/update", "/delete"];
const url = fc.constantFrom(...URLS);
const uint32 = fc.oneof(
  fc.constantFrom(0, 1, 2 ** 32 - 1),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
);
/** Some fields of a server that are allowed. */
export const fields = fc.record({
  name: fc.constantFrom("one", "\u4e16", "a b", "n".repeat(255), "__proto__"),
  weight: uint32,
  health_check_period: uint32,
  max_connections: uint32,
  draining: fc.boolean(),
}, { requiredKeys: [] });
const server = fc.tuple(url, fields).map(([url, rest]) => ({ url, ...rest }));

const validChange = fc.oneof(
  fc.record({
    path: fc.constantFrom("/add", "/update"),
    body: server.map((s) => JSON.stringify(s)),
  }),
  fc.record({
    path: fc.constant("/delete"),
    body: url.map((text) => JSON.stringify({ url: text })),
  }),
  fc.record({ path: fc.constant("/delete"), body: url.map((text) => JSON.stringify(text)) }),
).map(({ path, body }): AdminRequest => ({
  method: "POST",
  path,
  type: "application/json",
  body,
  valid: true,
}));

/** A member of an object, as JSON. */
const oddMember = fc.oneof(
  fc.tuple(
    fc.constantFrom("weight", "health_check_period", "max_connections", "draining", "name", "url"),
    fc.oneof(
      fc.constantFrom(...NUMBER_TEXTS, "null", "true", "[]", "{}", '"1"', '[["a"]]'),
      oddText().map((text) => JSON.stringify(text)),
      fc.json({ maxDepth: 2 }),
    ),
  ),
  fc.tuple(fc.oneof(fc.constantFrom(...ODD_KEYS), oddText()), fc.json({ maxDepth: 1 })),
).map(([key, value]) => `${JSON.stringify(key)}:${value}`);

const oddServer = fc.tuple(
  server,
  fc.array(oddMember, { minLength: 1, maxLength: 3 }),
  fc.boolean(),
)
  .map(([whole, members, first]) => {
    const text = JSON.stringify(whole).slice(1, -1);
    return `{${(first ? [...members, text] : [text, ...members]).join(",")}}`;
  });

/** A body, most of them almost right. */
export const body: fc.Arbitrary<string> = fc.oneof(
  oddServer,
  damaged(server.map((whole) => JSON.stringify(whole))),
  damaged(url),
  url,
  oddText(),
  fc.json(),
  fc.integer({ min: 1, max: 5000 }).map((depth) => "[".repeat(depth) + "]".repeat(depth)),
  fc.integer({ min: 1, max: 5000 }).map((depth) => '{"url":'.repeat(depth)),
  fc.constantFrom("", "null", "\ufeff{}", " ", "0", '"', "x".repeat(70_000)),
);

const oddRequest = fc.record({
  method: fc.oneof(
    { weight: 9, arbitrary: fc.constant("POST") },
    fc.constantFrom("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "FOO"),
  ),
  path: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...CHANGES) },
    fc.constantFrom("/servers", "/healthz", "/", "/add/", "//add", "/ADD", "/%61dd", "/add?a=b"),
    fc.constantFrom("/__proto__", "/constructor", "/toString", "/x/../update", "/delete#a"),
    fc.webPath(),
  ),
  type: fc.oneof(
    { weight: 6, arbitrary: fc.constant("application/json") },
    fc.constantFrom(undefined, "text/plain", "Application/JSON ; Charset=UTF-8", "text/html"),
    fc.constantFrom("application/json; charset=latin1", "application/json,text/plain", ";", "{}"),
  ),
  body,
  valid: fc.constant(false),
});

/** One session with the admin API: some requests, one after the other. */
export const ADMIN_SESSIONS: fc.Arbitrary<AdminRequest[]> = fc.array(
  fc.oneof(validChange, oddRequest),
  { minLength: 1, maxLength: 6 },
);
