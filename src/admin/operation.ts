import type { z } from "zod";
import type { AdminTarget } from "./target.ts";

/** A request to the admin API. */
export interface AdminCall {
  /** The request. */
  readonly request: Request;
  /** Its URL. */
  readonly url: URL;
  /** What stands in the path in place of each name in braces, decoded. */
  readonly params: Readonly<Record<string, string>>;
}

/** What answers a request: a `Response` as it is, any other value as JSON. */
export type Route = (target: AdminTarget, call: AdminCall) => unknown | Promise<unknown>;

/** What a body can be, by media type. */
export type Content = Readonly<Record<string, z.ZodType>>;

/** An answer to a request that was carried out. */
export interface AnswerDescription {
  /** What it says. */
  readonly description: string;
  /** Its content. Default: none. */
  readonly content?: Content;
  /** The fields that it has, and what they say. Default: none that have to be named. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** One thing that the API does: what does it, and what `/openapi.json` says of it. */
export interface Operation {
  /** What answers. */
  readonly handler: Route;
  /** What it does, in a few words. */
  readonly summary: string;
  /** What else there is to know. Default: nothing. */
  readonly description?: string;
  /** The parameters of its query, of which each may be left out. Default: the query is not looked at. */
  readonly query?: z.ZodObject;
  /** Fields of the request that count, and what they say. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What the request's body can be. Default: it is not looked at. */
  readonly body?: Content;
  /** The answers to requests that are carried out, by status. */
  readonly answers: Readonly<Record<number, AnswerDescription>>;
  /** The statuses with which it refuses, beside those that any request can get, and why. */
  readonly problems?: Readonly<Record<number, string>>;
}
