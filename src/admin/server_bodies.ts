import { z } from "zod";
import { camelKeys } from "../config/names.ts";
import { serverSchema } from "../config/schema.ts";
import { invalid, validate } from "../config/validate.ts";
import {
  canonicalServerUrl,
  completeServer,
  type Server,
  type ServerChange,
} from "../model/server.ts";

const { url, ...fields } = serverSchema.shape;
const agreeing = url.describe("The server's URL, which must be the one that the path names")
  .optional();

/** A server that a path names: all that is left out has its default. */
export const REPLACEMENT = z.strictObject({ ...fields, url: agreeing }, {
  error: "must be a server",
}).meta({ id: "ServerReplacement" });

/** A patch of a server (RFC 7396): what is left out stays, null stands for the default. */
export const PATCH = z.strictObject({
  url: agreeing,
  name: fields.name.nullable(),
  weight: fields.weight.nullable(),
  health_check_period: fields.health_check_period.nullable(),
  max_connections: fields.max_connections.nullable(),
  draining: fields.draining.nullable(),
  discover: fields.discover.describe("How servers are found, which cannot be changed"),
}, { error: "must be an object with the fields to change" }).meta({ id: "ServerPatch" });

/**
 * The server that a body describes in full.
 *
 * @param value The body.
 * @param at The URL that the path names, in canonical form.
 * @throws {BalancerError} `invalid`, with every fault.
 */
export function readReplacement(value: unknown, at: string): Server {
  const { url, ...rest } = validate(REPLACEMENT, value, "the body");
  checkAgreement(url, at);
  return completeServer({ ...camelKeys(rest), url: at });
}

/**
 * What a merge patch changes of a server (RFC 7396 §2): the fields that it names, and no others.
 *
 * @param value The body.
 * @param at The URL that the path names, in canonical form.
 * @throws {BalancerError} `invalid`, with every fault.
 */
export function readPatch(value: unknown, at: string): ServerChange {
  const { url, ...rest } = validate(PATCH, value, "the body");
  checkAgreement(url, at);
  const { url: _, ...defaults } = completeServer({ url: at });
  const fields = Object.entries(camelKeys(rest)) as [keyof typeof defaults, unknown][];
  // Without a value, the default counts.
  return Object.fromEntries(fields.map(([name, field]) => [name, field ?? defaults[name]]));
}

function checkAgreement(url: string | undefined, at: string): void {
  if (url === undefined || canonicalServerUrl(url) === at) return;
  const message = `must be ${at}, which the path names; leave it out, or add another server`;
  throw invalid("the body", [{ path: "url", message }]);
}
