import type { z } from "zod";
import type { AdminTarget } from "./target.ts";

/** Request to the admin API. */
export interface AdminCall<Query extends z.ZodObject = z.ZodObject> {
  /** The request. */
  readonly request: Request;
  /** Its URL. */
  readonly url: URL;
  /** Segments of the path that stand for the names in braces, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** Parameters of the query, checked by the operation's schema. */
  readonly query: z.infer<Query>;
}

/** Content of a request or a response, by media type. */
export type Content = Readonly<Record<string, z.ZodType>>;

/** Response to a request that was carried out. */
export interface AnswerDescription {
  /** Its meaning. */
  readonly description: string;
  /** Its content. Default: none. */
  readonly content?: Content;
  /** Header fields with their meaning. Default: none worth describing. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Operation of the API: its handler, and its description for `/openapi.json`. */
export interface Operation {
  /** Carries it out. A `Response` is sent as it is, any other value as JSON. */
  handler(target: AdminTarget, call: AdminCall): unknown;
  /** One line about it. */
  readonly summary: string;
  /** More about it. Default: nothing. */
  readonly description?: string;
  /** Parameters of the query, all optional. Default: the query is ignored. */
  readonly query?: z.ZodObject;
  /** Header fields of the request with their meaning. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Content of the request. Default: it is ignored. */
  readonly body?: Content;
  /** Responses to requests that are carried out, by status. */
  readonly answers: Readonly<Record<number, AnswerDescription>>;
  /** Reasons for refusals, by status; without those that any request can get. */
  readonly problems?: Readonly<Record<number, string>>;
}

/** Operations by path, in which names in braces stand for one segment each, and by method. */
export type Routes = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

/** Refusals of changes in a cluster, by status. */
export const CLUSTER_PROBLEMS = {
  409: "in a cluster, another change of it was made at the same moment",
  503: "In a cluster: etcd cannot be reached, and nothing has changed",
  504: "In a cluster: the change was sent to etcd, which has not confirmed it",
} as const;

/** JSON that fits a schema, read-only throughout. */
export type Answer<Schema extends z.ZodType> = DeepReadonly<z.infer<Schema>>;

type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;

/** Status, header fields and media type of a response. */
export interface JsonResponseOptions {
  /** Default: 200. */
  readonly status?: number;
  /** Further header fields. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Media type. Default: `application/json`. */
  readonly type?: string;
}

/** Makes a response in JSON, which no cache may store: it is soon out of date. */
export function jsonResponse(value: unknown, options: JsonResponseOptions = {}): Response {
  const { status = 200, headers, type = "application/json" } = options;
  return new Response(JSON.stringify(value) + "\n", {
    status,
    headers: { ...headers, "content-type": type, "cache-control": "no-store" },
  });
}
