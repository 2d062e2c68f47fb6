import { getLogger } from "@logtape/logtape";
import { checkDiscoverKept } from "../config/discover_change.ts";
import { isDiscovered } from "../model/discovery.ts";
import { completeServer, type Server, type ServerChange } from "../model/server.ts";
import type { ServerStatus } from "../model/server_status.ts";
import { discoveryJson } from "./discovery.ts";
import { dryRun } from "./dry_run.ts";
import { entityTag } from "./entity_tag.ts";
import { type AdminCall, jsonResponse, type Routes } from "./operation.ts";
import { Preconditions } from "./preconditions.ts";
import type { CHANGE_QUERY, REMOVAL_QUERY } from "./query.ts";
import { checkMediaType, JSON_TYPES, readJson } from "./read_body.ts";
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

/** Media types of a patch (RFC 7396 §4). */
const PATCH_TYPES: readonly string[] = [...JSON_TYPES, "application/merge-patch+json"];

type ChangeCall = AdminCall<typeof CHANGE_QUERY>;

/**
 * `/servers/{server}` and below. Nothing is awaited between reading a server with its conditions and
 * changing it, so of two changes that were decided on by the same state of a server, the second is
 * refused. In a cluster, where changes take a while, the writer gets the state that was seen.
 */
export const SERVER_ROUTES: Routes = {
  "/servers/{server}": {
    GET: { handler: read, ...GET_DOCS },
    PUT: { handler: replace, ...PUT_DOCS },
    PATCH: { handler: patch, ...PATCH_DOCS },
    DELETE: { handler: remove, ...REMOVE_DOCS },
  },
  "/servers/{server}/drain": {
    POST: { handler: (target, call) => setDraining(target, call, true), ...DRAIN_DOCS },
  },
  "/servers/{server}/enable": {
    POST: { handler: (target, call) => setDraining(target, call, false), ...ENABLE_DOCS },
  },
  "/servers/{server}/check": { POST: { handler: check, ...CHECK_DOCS } },
};

function read(target: AdminTarget, { request, params }: AdminCall): Response {
  const conditions = new Preconditions(request);
  const server = getAddressed(target, params["server"]!);
  const headers = { "etag": entityTag(server), "content-location": serverPath(server.url) };
  if (!conditions.isKnown(server)) return jsonResponse(statusJson(target, server), { headers });
  return new Response(null, { status: 304, headers: { ...headers, "cache-control": "no-store" } });
}

async function replace(target: AdminTarget, call: ChangeCall): Promise<unknown> {
  const { request, params, query } = call;
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
  if (query.dry_run) return dryRun(target, { before: server, after });
  const { url: _, discoveredBy: __, ...fields } = after;
  if (server !== undefined) return await change(target, call, { server, fields, conditions });
  await conditions.enforce(() => target.writer.add(after), () => findAddressed(target, key).server);
  await target.balancer.settled();
  logger.info("Added {url}", { url: at });
  return serverAnswer(after, 201);
}

async function patch(target: AdminTarget, call: ChangeCall): Promise<unknown> {
  const { request, query } = call;
  checkMediaType(request, PATCH_TYPES);
  const conditions = new Preconditions(request);
  current(target, call, conditions);
  const body = await readJson(request);
  const server = current(target, call, conditions);
  const fields = readPatch(body, server.url);
  const after = completeServer({ ...server, ...fields });
  checkDiscoverKept(server, after.discover);
  if (query.dry_run) return dryRun(target, { before: server, after });
  return await change(target, call, { server, fields, conditions });
}

async function remove(
  target: AdminTarget,
  call: AdminCall<typeof REMOVAL_QUERY>,
): Promise<unknown> {
  const { request, params, query: { dry_run, drain } } = call;
  const conditions = new Preconditions(request);
  const server = current(target, call, conditions);
  if (dry_run) return dryRun(target, { before: server, after: undefined });
  const removed = await conditions.enforce(
    () => target.writer.remove(server.url, drain, ...seenBy(conditions, server)),
    () => findAddressed(target, params["server"]!).server,
  );
  await target.balancer.settled();
  logger.info("Deleted {url}", { url: server.url });
  return serverJson(removed);
}

function setDraining(target: AdminTarget, call: ChangeCall, draining: boolean): unknown {
  const conditions = new Preconditions(call.request);
  const server = current(target, call, conditions);
  const after = completeServer({ ...server, draining });
  if (call.query.dry_run) return dryRun(target, { before: server, after });
  return change(target, call, { server, fields: { draining }, conditions });
}

async function check(target: AdminTarget, { params, query }: ChangeCall): Promise<unknown> {
  const server = getAddressed(target, params["server"]!);
  // The result of a check cannot be predicted.
  if (query.dry_run) return dryRun(target, { before: server, after: server });
  return checkReportJson(await target.balancer.check(server.url));
}

/** A server with its state, or a source with its addresses. */
function statusJson({ balancer }: AdminTarget, server: ServerStatus | Server): unknown {
  if ("healthy" in server) return serverStatusJson(server);
  const report = balancer.discovery().find(({ source }) => source.url === server.url);
  return report === undefined ? serverJson(server) : discoveryJson(report);
}

/** The server to be changed, provided that the conditions hold. */
function current(
  target: AdminTarget,
  { params }: AdminCall,
  conditions: Preconditions,
): Server {
  const server = getAddressed(target, params["server"]!);
  conditions.checkChange(server);
  return server;
}

/** A change that was decided on. */
interface DecidedChange {
  /** The server as it was then. */
  readonly server: Server;
  /** The fields to change. */
  readonly fields: ServerChange;
  /** The conditions that held then. */
  readonly conditions: Preconditions;
}

async function change(
  target: AdminTarget,
  { params }: AdminCall,
  { server: before, fields, conditions }: DecidedChange,
): Promise<Response> {
  const { url, discoveredBy } = before;
  if (discoveredBy !== undefined) throw isDiscovered(url, discoveredBy);
  const server = await conditions.enforce(
    () => target.writer.update(url, fields, ...seenBy(conditions, before)),
    () => findAddressed(target, params["server"]!).server,
  );
  logger.info("Updated {url}", { url });
  return serverAnswer(server, 200);
}

/** Without conditions, a change is made whatever the server is by then. */
function seenBy(conditions: Preconditions, server: Server): [seen?: Server] {
  return conditions.exist ? [server] : [];
}

/** Content-Location says that a GET there returns this content (RFC 9110 §8.7). */
function serverAnswer(server: Server, status: 200 | 201): Response {
  const path = serverPath(server.url);
  return jsonResponse(serverJson(server), {
    status,
    headers: {
      "etag": entityTag(server),
      "content-location": path,
      ...(status === 201 ? { "location": path } : {}),
    },
  });
}
