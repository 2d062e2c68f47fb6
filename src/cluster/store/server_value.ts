import { camelKeys, snakeKeys } from "../../config/names.ts";
import { serverSchema } from "../../config/server_schema.ts";
import { validate } from "../../config/validate.ts";
import { errorText } from "../../model/error_text.ts";
import { BalancerError } from "../../model/errors.ts";
import { canonicalServerUrl, completeServer, type Server } from "../../model/server.ts";
import { clipped } from "./values.ts";

/** Maximum length of a fault, in characters. */
const FAULT_MAX = 500;

/** Formats the value of a server's key: JSON with the fields of the admin API, in their order. */
export function serverValue(server: Server): string {
  return JSON.stringify(snakeKeys(server));
}

/**
 * Parses a server's key and value, which may have been written by hand. Omitted fields have their
 * defaults, and the URL that of the key.
 *
 * @param url The key without its prefix.
 * @param text The value.
 * @throws {BalancerError} `invalid`, with the fault.
 */
export function parseServer(url: string, text: string): Server {
  checkKey(url);
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    throw invalid('the value must be JSON such as {"weight": 2}');
  }
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
    throw invalid('the value must be a JSON object such as {"weight": 2}');
  }
  let server: Server;
  try {
    server = completeServer(camelKeys(validate(serverSchema, { url, ...fields }, "it")));
  } catch (error) {
    if (!(error instanceof BalancerError)) throw error;
    throw invalid(clipped(error.message.replace(/^Cannot use it: /, ""), FAULT_MAX));
  }
  if (server.url === url) return server;
  throw invalid(`the url in the value is ${server.url}, and must be that in the key`);
}

function checkKey(url: string): void {
  let canonical: string;
  try {
    canonical = canonicalServerUrl(url);
  } catch (error) {
    throw invalid(`the key must end with the URL of a server, and it ${errorText(error)}`);
  }
  if (canonical !== url) throw invalid(`the key must end with the URL as ${canonical}`);
}

function invalid(fault: string): BalancerError {
  return new BalancerError("invalid", fault);
}
