import { getLogger } from "@logtape/logtape";
import { camelKeys } from "../config/names.ts";
import { removalSchema, serverSchema } from "../config/schema.ts";
import { validate } from "../config/validate.ts";
import { readBody } from "./read_body.ts";
import type { AdminCall, Routes } from "./router.ts";
import { serverJson } from "./server_json.ts";
import type { AdminTarget } from "./target.ts";

const logger = getLogger(["ballast", "admin"]);

/** The three changes of servers that name the server in their body. */
export const CHANGE_ROUTES: Routes = {
  "/add": { POST: add },
  "/update": { POST: update },
  "/delete": { POST: remove },
};

async function add(target: AdminTarget, { request }: AdminCall): Promise<unknown> {
  const body = validate(serverSchema, await readBody(request, false), "the body");
  const server = target.add(camelKeys(body));
  await target.settled?.();
  logger.info("Added {url}", { url: server.url });
  return serverJson(server);
}

async function update(target: AdminTarget, { request }: AdminCall): Promise<unknown> {
  const body = validate(serverSchema, await readBody(request, false), "the body");
  const { url, ...change } = camelKeys(body);
  const server = target.update(url, change);
  logger.info("Updated {url}", { url: server.url });
  return serverJson(server);
}

async function remove(target: AdminTarget, { request }: AdminCall): Promise<unknown> {
  const body = await readBody(request, true);
  // The seed's body is the URL itself.
  const value = typeof body === "string" ? { url: body } : body;
  const { url, drain } = validate(removalSchema, value, "the body");
  const server = target.remove(url, drain);
  await target.settled?.();
  logger.info("Deleted {url}", { url: server.url });
  return serverJson(server);
}
