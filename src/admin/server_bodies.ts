import { z } from "zod";
import { camelKeys, snakeCase } from "../config/names.ts";
import { optionalFields, serverUrlSchema } from "../config/server_schema.ts";
import { invalid, validate } from "../config/validate.ts";
import {
  canonicalServerUrl,
  completeServer,
  defaultOf,
  type Server,
  SERVER_FIELDS,
  type ServerChange,
  type ServerField,
  type ServerFieldName,
} from "../model/server.ts";

const url = serverUrlSchema
  .describe("The server's URL, which must be the one that the path names").optional();

/** The body of a PUT: fields that are left out have their defaults. */
export const REPLACEMENT = z.strictObject({ ...optionalFields, url }, {
  error: "must be a server",
}).meta({ id: "ServerReplacement" });

/** The body of a PATCH (RFC 7396): fields that are left out stay, null restores the default. */
export const PATCH = z.strictObject({ url, ...patchFields() }, {
  error: "must be an object with the fields to change",
}).meta({ id: "ServerPatch" });

function patchFields(): Record<string, z.ZodType> {
  const fields = Object.entries<ServerField>(SERVER_FIELDS).map(([name, { fixed, doc }]) => {
    const key = snakeCase(name) as keyof typeof optionalFields;
    const schema = optionalFields[key];
    return [key, fixed ? schema.describe(`${doc}. It cannot be changed`) : schema.nullable()];
  });
  return Object.fromEntries(fields);
}

/**
 * Reads the body of a PUT: a server in full.
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
 * Reads a merge patch of a server (RFC 7396 §2).
 *
 * @param value The body.
 * @param at The URL that the path names, in canonical form.
 * @returns The fields that it names; null replaced by the default.
 * @throws {BalancerError} `invalid`, with every fault.
 */
export function readPatch(value: unknown, at: string): ServerChange {
  const { url, ...rest } = validate(PATCH, value, "the body");
  checkAgreement(url, at);
  const fields = Object.entries(camelKeys(rest)) as [ServerFieldName, unknown][];
  return Object.fromEntries(fields.map(([name, value]) => [name, value ?? defaultOf(name, at)]));
}

function checkAgreement(url: string | undefined, at: string): void {
  if (url === undefined || canonicalServerUrl(url) === at) return;
  const message = `must be ${at}, as in the path; leave it out, or add another server`;
  throw invalid("the body", [{ path: "url", message }]);
}
