import { z } from "zod";
import { DISCOVERY } from "./discovery.ts";
import { CHANGED, DRY_RUN } from "./dry_run.ts";
import { CLUSTER_PROBLEMS, type Operation } from "./operation.ts";
import { CHANGE_QUERY, NO_QUERY, REMOVAL_QUERY } from "./query.ts";
import { PATCH, REPLACEMENT } from "./server_bodies.ts";
import { CHECK_REPORT, CONFIGURED_NAMES, SERVER, SERVER_STATUS } from "./server_json.ts";

/** Description of an operation. */
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
    "if the server does not exist (RFC 9110 §13.1.2)",
};
const FINDING = {
  400: "The query, a condition, the URL or the body is malformed",
  404: "The server does not exist",
  409: "Several servers have the name, or the server was discovered by a source",
};
const READING = {
  ...FINDING,
  412: "A condition does not hold; the answer has the server as it is now",
};
const CHANGING = {
  ...READING,
  ...CLUSTER_PROBLEMS,
  409: `Several servers have the name, or ${CLUSTER_PROBLEMS[409]}`,
};
const BODY = { 413: "The body is too large", 415: "The body has another type" };
const CONDITIONS = { ...IF_MATCH, ...IF_NONE_MATCH };

function changed(description: string): Docs["answers"][number] {
  return { description, content: { "application/json": CHANGED }, headers: ETAG };
}

/** GET of a server. */
export const GET_DOCS: Docs = {
  summary: "Read a server and its state, or a source and the addresses behind its name",
  query: NO_QUERY,
  headers: {
    ...IF_MATCH,
    "If-None-Match": "Answers 304 if the configuration is the same, whatever its health",
  },
  answers: {
    200: {
      description: "The server or the source",
      content: { "application/json": z.union([SERVER_STATUS, DISCOVERY]) },
      headers: ETAG,
    },
    304: { description: "The configuration has not changed", headers: ETAG },
  },
  problems: READING,
};

/** PUT of a server. */
export const PUT_DOCS: Docs = {
  summary: "Replace the configuration of a server, or add it",
  description:
    "Fields that the body leaves out get their defaults. A new server has to be named by its URL.",
  query: CHANGE_QUERY,
  headers: CONDITIONS,
  body: { "application/json": REPLACEMENT },
  answers: {
    200: changed("The server after the change, or with dry_run the effect of the change"),
    201: {
      description: "The server, which was added",
      content: { "application/json": SERVER },
      headers: { ...ETAG, "Location": "Its path" },
    },
  },
  problems: {
    ...CHANGING,
    ...BODY,
    409: `Several servers have the name, there is no room for more, or ${CLUSTER_PROBLEMS[409]}`,
  },
};

/** PATCH of a server. */
export const PATCH_DOCS: Docs = {
  summary: "Change some fields of a server",
  description:
    "A JSON merge patch (RFC 7396): fields that are left out stay, null restores the default.",
  query: CHANGE_QUERY,
  headers: CONDITIONS,
  body: { "application/merge-patch+json": PATCH, "application/json": PATCH },
  answers: {
    200: changed("The server after the change, or with dry_run the effect of the change"),
  },
  problems: { ...CHANGING, ...BODY },
};

/** DELETE of a server. */
export const REMOVE_DOCS: Docs = {
  summary: "Delete a server",
  description: "It gets no new requests; its active requests may finish.",
  query: REMOVAL_QUERY,
  headers: CONDITIONS,
  answers: {
    200: {
      description: "The deleted server, or with dry_run the effect of deleting it",
      content: { "application/json": CHANGED },
    },
  },
  problems: CHANGING,
};

/** POST to `/drain`. */
export const DRAIN_DOCS: Docs = {
  summary: "Drain a server",
  description:
    "It gets no new requests; its active requests may finish. Sticky clients move to other servers.",
  query: CHANGE_QUERY,
  headers: CONDITIONS,
  answers: { 200: changed("The draining server, or with dry_run the effect of draining it") },
  problems: CHANGING,
};

/** POST to `/enable`. */
export const ENABLE_DOCS: Docs = {
  summary: "End the draining of a server",
  query: CHANGE_QUERY,
  headers: CONDITIONS,
  answers: { 200: changed("The server, or with dry_run the effect of enabling it") },
  problems: CHANGING,
};

/** POST to `/check`. */
export const CHECK_DOCS: Docs = {
  summary: "Check a server's health now",
  description:
    "Answers when the check is over. It counts like any other, even if health_check_period is 0. " +
    "A check in progress is joined.",
  query: CHANGE_QUERY,
  answers: {
    200: {
      description: "The result of the check",
      content: { "application/json": z.union([CHECK_REPORT, DRY_RUN]) },
    },
  },
  problems: { ...FINDING, 404: "The server does not exist, or was deleted in the meantime" },
};
