import { getLogger } from "@logtape/logtape";
import { z } from "zod";
import { checkDiscoverKept } from "../config/discover_change.ts";
import { camelKeys } from "../config/names.ts";
import { removalSchema, serverSchema } from "../config/server_schema.ts";
import { validate } from "../config/validate.ts";
import { alreadyExists } from "../state/registry.ts";
import { completeServer } from "../model/server.ts";
import { CHANGED } from "./answer_schemas.ts";
import { dryRun } from "./dry_run.ts";
import type { AdminCall } from "./operation.ts";
import { CHANGE_QUERY, readQuery } from "./query.ts";
import { readBody } from "./read_body.ts";
import type { Routes } from "./router.ts";
import { serverJson } from "./server_json.ts";
import { findByUrl, getByUrl } from "./server_key.ts";
import { SHARED_PROBLEMS } from "./shared_problems.ts";
import type { AdminTarget } from "./target.ts";

const logger = getLogger(["ballast", "admin"]);

const SERVER_INPUT = serverSchema.meta({ id: "ServerInput" });
const BODY_PROBLEMS = {
  400: "The query or the body is malformed; every fault is named",
  413: "The body is too large",
  415: "The body has another type",
};
const REFUSED = {
  ...BODY_PROBLEMS,
  ...SHARED_PROBLEMS,
  404: "There is no such server",
  409: "The server was discovered by an entry, which has to be changed instead; or, " +
    SHARED_PROBLEMS[409],
};

/** The three changes of servers that name the server in their body. */
export const CHANGE_ROUTES: Routes = {
  "/add": {
    POST: {
      handler: add,
      summary: "Add a server",
      description:
        "All but the URL may be left out, and has its default then. With discover it is an entry: it " +
        "stands for servers that are found by its name, and that change with it.",
      query: CHANGE_QUERY,
      body: { "application/json": SERVER_INPUT },
      answers: { 200: answer("The server, or what adding it would come to") },
      problems: {
        ...BODY_PROBLEMS,
        ...SHARED_PROBLEMS,
        409: `It is there already, all places are taken, or ${SHARED_PROBLEMS[409]}`,
      },
    },
  },
  "/update": {
    POST: {
      handler: update,
      summary: "Change a server",
      description: "What the body leaves out keeps its value.",
      query: CHANGE_QUERY,
      body: { "application/json": SERVER_INPUT },
      answers: { 200: answer("The server after the change, or what the change would come to") },
      problems: REFUSED,
    },
  },
  "/delete": {
    POST: {
      handler: remove,
      summary: "Delete a server",
      description: "It gets no new request; those that it is working on may finish.",
      query: CHANGE_QUERY,
      body: {
        "application/json": z.union([z.string(), removalSchema]),
        "text/plain": z.string().describe("The server's URL"),
      },
      answers: { 200: answer("The server as it was, or what the deletion would come to") },
      problems: REFUSED,
    },
  },
};

async function add(target: AdminTarget, { request, url }: AdminCall): Promise<unknown> {
  const { dry_run = false } = readQuery(url, CHANGE_QUERY);
  const body = validate(serverSchema, await readBody(request, false), "the body");
  if (dry_run) {
    const after = completeServer(camelKeys(body));
    if (findByUrl(target, after.url) !== undefined) throw alreadyExists(after.url);
    return dryRun(target, { before: undefined, after });
  }
  const server = await target.add(camelKeys(body));
  await target.settled();
  logger.info("Added {url}", { url: server.url });
  return serverJson(server);
}

async function update(target: AdminTarget, { request, url: at }: AdminCall): Promise<unknown> {
  const { dry_run = false } = readQuery(at, CHANGE_QUERY);
  const body = validate(serverSchema, await readBody(request, false), "the body");
  const { url, ...change } = camelKeys(body);
  if (dry_run) {
    const before = getByUrl(target, url);
    checkDiscoverKept(before, change.discover ?? before.discover);
    return dryRun(target, { before, after: completeServer({ ...before, ...change }) });
  }
  const server = await target.update(url, change);
  logger.info("Updated {url}", { url: server.url });
  return serverJson(server);
}

async function remove(target: AdminTarget, { request, url: at }: AdminCall): Promise<unknown> {
  const { dry_run = false } = readQuery(at, CHANGE_QUERY);
  const body = await readBody(request, true);
  // The seed's body is the URL itself.
  const value = typeof body === "string" ? { url: body } : body;
  const { url, drain } = validate(removalSchema, value, "the body");
  if (dry_run) return dryRun(target, { before: getByUrl(target, url), after: undefined });
  const server = await target.remove(url, drain);
  await target.settled();
  logger.info("Deleted {url}", { url: server.url });
  return serverJson(server);
}

function answer(description: string) {
  return { description, content: { "application/json": CHANGED } };
}
