import {
  CHANGED,
  CHECK_REPORT,
  DISCOVERY,
  DRY_RUN,
  SERVER,
  SERVER_STATUS,
} from "./answer_schemas.ts";
import { CONFIGURED_NAMES } from "./server_json.ts";
import { SHARED_PROBLEMS } from "./shared_problems.ts";
import type { Operation } from "./operation.ts";
import { CHANGE_QUERY, NO_QUERY, REMOVAL_QUERY } from "./query.ts";
import { PATCH, REPLACEMENT } from "./server_bodies.ts";
import { z } from "zod";

/** All that is said of an operation. */
type Docs = Omit<Operation, "handler">;

const ETAG = {
  "ETag": `A strong tag of the configured fields: ${CONFIGURED_NAMES.join(", ")}. It does not ` +
    "cover health, active requests and checks. Absent with dry_run.",
};
const IF_MATCH = {
  "If-Match": "Carries the request out only if the server has one of these tags (RFC 9110 §13.1.1)",
};
const IF_NONE_MATCH = {
  "If-None-Match":
    "Carries the request out only if the server has none of these tags; with * only " +
    "if there is no such server (RFC 9110 §13.1.2)",
};
const FINDING = {
  400: "The query, a condition, the URL or the body is malformed",
  404: "There is no such server",
  409: "Several servers have the name, or the server was discovered by an entry",
};
const READING = { ...FINDING, 412: "A condition does not hold; with the server as it is now" };
const CHANGING = {
  ...READING,
  ...SHARED_PROBLEMS,
  409: `Several servers have the name, or ${SHARED_PROBLEMS[409]}`,
};
const BODY = { 413: "The body is too large", 415: "The body has another type" };
const CONDITIONS = { ...IF_MATCH, ...IF_NONE_MATCH };

function changed(description: string): Docs["answers"][number] {
  return { description, content: { "application/json": CHANGED }, headers: ETAG };
}

/** GET of a server. */
export const GET_DOCS: Docs = {
  summary: "Read a server and how it is doing, or an entry and what it has found",
  query: NO_QUERY,
  headers: {
    ...IF_MATCH,
    "If-None-Match": "Answers 304 if what is configured is the same, whatever became of its health",
  },
  answers: {
    200: {
      description: "The server or the entry",
      content: { "application/json": z.union([SERVER_STATUS, DISCOVERY]) },
      headers: ETAG,
    },
    304: { description: "What is configured has not changed", headers: ETAG },
  },
  problems: READING,
};

/** PUT of a server. */
export const PUT_DOCS: Docs = {
  summary: "Replace what is configured of a server, or add it",
  description:
    "All that the body leaves out has its default. Only a URL can name a server that is " +
    "not there yet.",
  query: CHANGE_QUERY,
  headers: CONDITIONS,
  body: { "application/json": REPLACEMENT },
  answers: {
    200: changed("The server after the change, or what it would come to"),
    201: {
      description: "The server, which was added",
      content: { "application/json": SERVER },
      headers: { ...ETAG, "Location": "Where it is" },
    },
  },
  problems: {
    ...CHANGING,
    ...BODY,
    409: `Several servers have the name, all places are taken, or ${SHARED_PROBLEMS[409]}`,
  },
};

/** PATCH of a server. */
export const PATCH_DOCS: Docs = {
  summary: "Change some of what is configured of a server",
  description:
    "A JSON merge patch (RFC 7396): what is left out stays, null stands for the default.",
  query: CHANGE_QUERY,
  headers: CONDITIONS,
  body: { "application/merge-patch+json": PATCH, "application/json": PATCH },
  answers: { 200: changed("The server after the change, or what it would come to") },
  problems: { ...CHANGING, ...BODY },
};

/** DELETE of a server. */
export const REMOVE_DOCS: Docs = {
  summary: "Delete a server",
  description: "It gets no new request; those that it is working on may finish.",
  query: REMOVAL_QUERY,
  headers: CONDITIONS,
  answers: {
    200: {
      description: "The server as it was, or what the deletion would come to",
      content: { "application/json": CHANGED },
    },
  },
  problems: CHANGING,
};

/** POST that drains a server. */
export const DRAIN_DOCS: Docs = {
  summary: "Give a server no new requests",
  description: "What it is working on goes on. Clients that are sticky to it move to others.",
  query: CHANGE_QUERY,
  headers: CONDITIONS,
  answers: { 200: changed("The server, which is draining, or what that would come to") },
  problems: CHANGING,
};

/** POST that ends the draining of a server. */
export const ENABLE_DOCS: Docs = {
  summary: "Give a server that was draining new requests again",
  query: CHANGE_QUERY,
  headers: CONDITIONS,
  answers: { 200: changed("The server, or what that would come to") },
  problems: CHANGING,
};

/** POST that checks a server. */
export const CHECK_DOCS: Docs = {
  summary: "Check a server's health now",
  description:
    "Answers when the check is over, which counts as any other; also for a server whose " +
    "health_check_period is 0. A check that is under way is joined.",
  query: CHANGE_QUERY,
  answers: {
    200: {
      description: "What the check found",
      content: { "application/json": z.union([CHECK_REPORT, DRY_RUN]) },
    },
  },
  problems: { ...FINDING, 404: "There is no such server, or it was deleted meanwhile" },
};
