import { getLogger } from "@logtape/logtape";
import { z } from "zod";
import { checkDiscoverKept } from "../config/discover_change.ts";
import { camelKeys } from "../config/names.ts";
import { removalSchema, serverSchema } from "../config/server_schema.ts";
import { validate } from "../config/validate.ts";
import { alreadyExists } from "../state/registry.ts";
import { completeServer } from "../model/server.ts";
import { CHANGED, dryRun } from "./dry_run.ts";
import { type AdminCall, CLUSTER_PROBLEMS, type Routes } from "./operation.ts";
import { CHANGE_QUERY } from "./query.ts";
import { readBody } from "./read_body.ts";
import { serverJson } from "./server_json.ts";
import { findByUrl, getByUrl } from "./server_key.ts";
import type { AdminTarget } from "./target.ts";

const logger = getLogger(["ballast", "admin"]);

const SERVER_INPUT = serverSchema.meta({ id: "ServerInput" });
const BODY_PROBLEMS = {
  400: "The query or the body is malformed; the answer lists every fault",
  413: "The body is too large",
  415: "The body has another type",
};
const REFUSED = {
  ...BODY_PROBLEMS,
  ...CLUSTER_PROBLEMS,
  404: "There is no such server",
  409: "The server was discovered by a source, which has to be changed instead; or, " +
    CLUSTER_PROBLEMS[409],
};

type ChangeCall = AdminCall<typeof CHANGE_QUERY>;

/** `/add`, `/update` and `/delete`, whose body names the server. */
export const CHANGE_ROUTES: Routes = {
  "/add": {
    POST: {
      handler: add,
      summary: "Add a server",
      description:
        "Fields but the URL may be left out, and have their defaults then. With discover it is a " +
        "source: the servers behind its name are discovered, and change with it.",
      query: CHANGE_QUERY,
      body: { "application/json": SERVER_INPUT },
      answers: { 200: answer("The server, or with dry_run the effect of adding it") },
      problems: {
        ...BODY_PROBLEMS,
        ...CLUSTER_PROBLEMS,
        409: `It exists already, there is no room for more, or ${CLUSTER_PROBLEMS[409]}`,
      },
    },
  },
  "/update": {
    POST: {
      handler: update,
      summary: "Change a server",
      description: "Fields that the body leaves out keep their values.",
      query: CHANGE_QUERY,
      body: { "application/json": SERVER_INPUT },
      answers: {
        200: answer("The server after the change, or with dry_run the effect of the change"),
      },
      problems: REFUSED,
    },
  },
  "/delete": {
    POST: {
      handler: remove,
      summary: "Delete a server",
      description: "It gets no new requests; its active requests may finish.",
      query: CHANGE_QUERY,
      body: {
        "application/json": z.union([z.string(), removalSchema]),
        "text/plain": z.string().describe("The server's URL"),
      },
      answers: { 200: answer("The deleted server, or with dry_run the effect of deleting it") },
      problems: REFUSED,
    },
  },
};

async function add(target: AdminTarget, { request, query }: ChangeCall): Promise<unknown> {
  const body = validate(serverSchema, await readBody(request, false), "the body");
  if (query.dry_run) {
    const after = completeServer(camelKeys(body));
    if (findByUrl(target, after.url) !== undefined) throw alreadyExists(after.url);
    return dryRun(target, { before: undefined, after });
  }
  const server = await target.writer.add(camelKeys(body));
  await target.balancer.settled();
  logger.info("Added {url}", { url: server.url });
  return serverJson(server);
}

async function update(target: AdminTarget, { request, query }: ChangeCall): Promise<unknown> {
  const body = validate(serverSchema, await readBody(request, false), "the body");
  const { url, ...change } = camelKeys(body);
  if (query.dry_run) {
    const before = getByUrl(target, url);
    checkDiscoverKept(before, change.discover ?? before.discover);
    return dryRun(target, { before, after: completeServer({ ...before, ...change }) });
  }
  const server = await target.writer.update(url, change);
  logger.info("Updated {url}", { url: server.url });
  return serverJson(server);
}

async function remove(target: AdminTarget, { request, query }: ChangeCall): Promise<unknown> {
  const body = await readBody(request, true);
  // A string is the URL itself.
  const value = typeof body === "string" ? { url: body } : body;
  const { url, drain } = validate(removalSchema, value, "the body");
  if (query.dry_run) return dryRun(target, { before: getByUrl(target, url), after: undefined });
  const server = await target.writer.remove(url, drain);
  await target.balancer.settled();
  logger.info("Deleted {url}", { url: server.url });
  return serverJson(server);
}

function answer(description: string) {
  return { description, content: { "application/json": CHANGED } };
}
