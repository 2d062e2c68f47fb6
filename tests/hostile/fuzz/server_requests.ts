import * as fc from "fast-check";
import { body, fields, URLS } from "./admin_requests.ts";
import { oddText } from "./odd_values.ts";

/** The tag in a request's condition: the server's current one, another one, or any. */
export type Condition = "none" | "current" | "stale" | "any";

/** A request to the resource of a server. */
export interface ServerRequest {
  /** The method. */
  readonly method: string;
  /** The server in the path, already encoded. */
  readonly key: string;
  /** The rest of the path. */
  readonly action: "" | "/drain" | "/enable" | "/check";
  /** The query, with its question mark; empty for none. */
  readonly query: string;
  /** The tag in `If-Match`. */
  readonly ifMatch: Condition;
  /** The tag in `If-None-Match`. */
  readonly ifNoneMatch: Condition;
  /** Another value of `If-Match`, that nobody should send; undefined for none. */
  readonly oddMatch: string | undefined;
  /** The Content-Type; undefined sends none. */
  readonly type: string | undefined;
  /** The content; undefined for a request without. */
  readonly body: string | undefined;
  /** Whether nothing but the servers and the conditions can make the API refuse it. */
  readonly valid: boolean;
}

const NAMES = ["one", "\u4e16", "a b", "__proto__", "http://one", "127.0.0.1:3001"];
const nullable = fields.chain((given) =>
  fc.subarray(Object.keys(given)).map((keys) => ({
    ...given,
    ...Object.fromEntries(keys.map((key) => [key, null])),
  }))
);
const condition = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Condition>("none") },
  fc.constantFrom<Condition>("current", "stale", "any"),
);
const common = {
  key: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...URLS) },
    fc.constantFrom(...NAMES),
  ).map(encodeURIComponent),
  query: fc.constantFrom("", "", "", "?dry_run=false", "?dry_run=true"),
  ifMatch: condition,
  ifNoneMatch: condition,
  oddMatch: fc.constant(undefined),
  valid: fc.constant(true),
};
const JSON_TYPE = fc.constant("application/json");

const valid: fc.Arbitrary<ServerRequest> = fc.oneof(
  fc.record({
    ...common,
    method: fc.constant("PUT"),
    action: fc.constant("" as const),
    type: JSON_TYPE,
    body: fields.map((given) => JSON.stringify(given)),
  }),
  fc.record({
    ...common,
    method: fc.constant("PATCH"),
    action: fc.constant("" as const),
    type: fc.constantFrom("application/json", "application/merge-patch+json"),
    body: nullable.map((given) => JSON.stringify(given)),
  }),
  fc.record({
    ...common,
    method: fc.constantFrom("GET", "DELETE"),
    action: fc.constant("" as const),
    query: fc.constant(""),
    type: fc.constant(undefined),
    body: fc.constant(undefined),
  }),
  fc.record({
    ...common,
    method: fc.constant("POST"),
    action: fc.constantFrom("/drain" as const, "/enable" as const),
    type: fc.constant(undefined),
    body: fc.constant(undefined),
  }),
);

const oddKey = fc.oneof(
  oddText().map((text) => encodeURIComponent(text.toWellFormed())),
  fc.constantFrom("%", "%ff", "%00", ".", "%2e%2e", "%2F", "http:", "https%3A%2F%2F", "*", "~"),
  fc.webPath().map((path) => path.slice(1)),
);
const odd: fc.Arbitrary<ServerRequest> = fc.record({
  ...common,
  method: fc.constantFrom("PUT", "PUT", "PATCH", "PATCH", "DELETE", "POST", "GET", "FOO"),
  action: fc.constantFrom("" as const, "" as const, "/drain" as const, "/check" as const),
  key: fc.oneof({ weight: 5, arbitrary: common.key }, oddKey),
  query: fc.oneof(
    { weight: 4, arbitrary: common.query },
    fc.constantFrom("?", "?a", "?dry_run", "?drain=1", "?drain=1e9", "?__proto__=1", "?%ff=%00"),
    fc.webQueryParameters().map((text) => `?${text}`),
  ),
  oddMatch: fc.option(fc.constantFrom("", "a", '"', '"a" "b"', 'w/"a"', "*,*", '"\u00ff"', ",,"), {
    nil: undefined,
    freq: 4,
  }),
  type: fc.constantFrom("application/json", "application/json", "text/plain", "x", undefined),
  body,
  valid: fc.constant(false),
});

/** Some requests to the resources of servers, one after the other. */
export const SERVER_SESSIONS: fc.Arbitrary<ServerRequest[]> = fc.array(
  fc.oneof({ weight: 2, arbitrary: valid }, odd),
  { minLength: 1, maxLength: 8 },
);
