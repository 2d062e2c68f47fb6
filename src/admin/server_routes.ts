import { getLogger } from "@logtape/logtape";
import { checkDiscoverKept } from "../config/discover_change.ts";
import { isDiscovered } from "../model/discovery.ts";
import { completeServer, type Server, type ServerChange } from "../model/server.ts";
import type { ServerStatus } from "../model/server_status.ts";
import { jsonAnswer } from "./answer.ts";
import { discoveryJson } from "./discovery_json.ts";
import { dryRun } from "./dry_run.ts";
import { entityTag } from "./entity_tag.ts";
import type { AdminCall } from "./operation.ts";
import { Preconditions } from "./preconditions.ts";
import { type Preconditioned, withPrecondition } from "./preconditioned_change.ts";
import { CHANGE_QUERY, NO_QUERY, readQuery, REMOVAL_QUERY } from "./query.ts";
import { checkMediaType, JSON_TYPES, readJson } from "./read_body.ts";
import type { Routes } from "./router.ts";
import { readPatch, readReplacement } from "./server_bodies.ts";
import {
  CHECK_DOCS,
  DRAIN_DOCS,
  ENABLE_DOCS,
  GET_DOCS,
  PATCH_DOCS,
  PUT_DOCS,
  REMOVE_DOCS,
} from "./server_docs.ts";
import { checkReportJson, serverJson, serverStatusJson } from "./server_json.ts";
import { findAddressed, getAddressed, serverPath } from "./server_key.ts";
import type { AdminTarget } from "./target.ts";

const logger = getLogger(["ballast", "admin"]);

/** The types that a patch can have (RFC 7396 §4). */
const PATCH_TYPES: readonly string[] = [...JSON_TYPES, "application/merge-patch+json"];

/**
 * What is done with one server, which the path names. Nothing waits between the look at a server
 * with its conditions and the change of it, so of two changes that were decided on by one state of a
 * server, the second is refused. Where changes take a while, the target is told what was seen.
 */
export const SERVER_ROUTES: Routes = {
  "/servers/{server}": {
    GET: { handler: read, ...GET_DOCS },
    PUT: { handler: replace, ...PUT_DOCS },
    PATCH: { handler: patch, ...PATCH_DOCS },
    DELETE: { handler: remove, ...REMOVE_DOCS },
  },
  "/servers/{server}/drain": { POST: { handler: drain, ...DRAIN_DOCS } },
  "/servers/{server}/enable": { POST: { handler: enable, ...ENABLE_DOCS } },
  "/servers/{server}/check": { POST: { handler: check, ...CHECK_DOCS } },
};

function read(target: AdminTarget, { request, url, params }: AdminCall): Response {
  readQuery(url, NO_QUERY);
  const conditions = new Preconditions(request);
  const server = getAddressed(target, params["server"]!);
  const headers = { "etag": entityTag(server), "content-location": serverPath(server.url) };
  if (!conditions.isKnown(server)) return jsonAnswer(statusJson(target, server), { headers });
  return new Response(null, { status: 304, headers: { ...headers, "cache-control": "no-store" } });
}

async function replace(target: AdminTarget, call: AdminCall): Promise<unknown> {
  const { request, url, params } = call;
  const { dry_run = false } = readQuery(url, CHANGE_QUERY);
  checkMediaType(request, JSON_TYPES);
  const conditions = new Preconditions(request);
  const key = params["server"]!;
  // RFC 9110 §13.2.1: conditions count before the content does.
  conditions.checkChange(findAddressed(target, key).server);
  const body = await readJson(request);
  const { url: at, server } = findAddressed(target, key);
  conditions.checkChange(server);
  const after = readReplacement(body, at);
  if (server !== undefined) checkDiscoverKept(server, after.discover);
  if (dry_run) return dryRun(target, { before: server, after });
  const look = () => findAddressed(target, key).server;
  const { url: _, discoveredBy: __, ...fields } = after;
  if (server !== undefined) return change(target, { server, fields, conditions, look });
  await withPrecondition(() => target.writer.add(after), { conditions, look });
  await target.balancer.settled();
  logger.info("Added {url}", { url: at });
  return serverAnswer(after, 201);
}

async function patch(target: AdminTarget, call: AdminCall): Promise<unknown> {
  const { request, url } = call;
  const { dry_run = false } = readQuery(url, CHANGE_QUERY);
  checkMediaType(request, PATCH_TYPES);
  const conditions = new Preconditions(request);
  current(target, call, conditions);
  const body = await readJson(request);
  const server = current(target, call, conditions);
  const fields = readPatch(body, server.url);
  const after = completeServer({ ...server, ...fields });
  checkDiscoverKept(server, after.discover);
  if (dry_run) return dryRun(target, { before: server, after });
  return change(target, { server, fields, conditions, look: () => find(target, call) });
}

async function remove(target: AdminTarget, call: AdminCall): Promise<unknown> {
  const { dry_run = false, drain } = readQuery(call.url, REMOVAL_QUERY);
  const conditions = new Preconditions(call.request);
  const server = current(target, call, conditions);
  if (dry_run) return dryRun(target, { before: server, after: undefined });
  const seen = conditions.exist ? [server] as const : [];
  const removed = await withPrecondition(() => target.writer.remove(server.url, drain, ...seen), {
    conditions,
    look: () => find(target, call),
  });
  await target.balancer.settled();
  logger.info("Deleted {url}", { url: server.url });
  return serverJson(removed);
}

function drain(target: AdminTarget, call: AdminCall): unknown {
  return setDraining(target, call, true);
}

function enable(target: AdminTarget, call: AdminCall): unknown {
  return setDraining(target, call, false);
}

function setDraining(target: AdminTarget, call: AdminCall, draining: boolean): unknown {
  const { dry_run = false } = readQuery(call.url, CHANGE_QUERY);
  const conditions = new Preconditions(call.request);
  const server = current(target, call, conditions);
  const after = completeServer({ ...server, draining });
  if (dry_run) return dryRun(target, { before: server, after });
  const look = () => find(target, call);
  return change(target, { server, fields: { draining }, conditions, look });
}

async function check(target: AdminTarget, { url, params }: AdminCall): Promise<unknown> {
  const { dry_run = false } = readQuery(url, CHANGE_QUERY);
  const server = getAddressed(target, params["server"]!);
  // What it would find, nobody knows before.
  if (dry_run) return dryRun(target, { before: server, after: server });
  return checkReportJson(await target.balancer.check(server.url));
}

/** How a server is doing, or what an entry has found. */
function statusJson(target: AdminTarget, server: ServerStatus | Server): unknown {
  if ("healthy" in server) return serverStatusJson(server);
  const report = target.balancer.discovery().find(({ entry }) => entry.url === server.url);
  return report === undefined ? serverJson(server) : discoveryJson(report);
}

/** The server that is to be changed, if the conditions hold. */
function current(
  target: AdminTarget,
  { params }: AdminCall,
  conditions: Preconditions,
): Server {
  const server = getAddressed(target, params["server"]!);
  conditions.checkChange(server);
  return server;
}

function find(target: AdminTarget, { params }: AdminCall): Server | undefined {
  return findAddressed(target, params["server"]!).server;
}

/** A change that was decided on. */
interface Decision extends Preconditioned {
  /** The server as it was then. */
  readonly server: Server;
  /** What is to be different. */
  readonly fields: ServerChange;
}

async function change(
  target: AdminTarget,
  { server: before, fields, conditions, look }: Decision,
): Promise<Response> {
  const { url, discoveredBy } = before;
  if (discoveredBy !== undefined) throw isDiscovered(url, discoveredBy);
  const seen = conditions.exist ? [before] as const : [];
  const server = await withPrecondition(() => target.writer.update(url, fields, ...seen), {
    conditions,
    look,
  });
  logger.info("Updated {url}", { url });
  return serverAnswer(server, 200);
}

/** Content-Location says that the content is what a GET there would tell (RFC 9110 §8.7). */
function serverAnswer(server: Server, status: 200 | 201): Response {
  const path = serverPath(server.url);
  return jsonAnswer(serverJson(server), {
    status,
    headers: {
      "etag": entityTag(server),
      "content-location": path,
      ...(status === 201 ? { "location": path } : {}),
    },
  });
}
