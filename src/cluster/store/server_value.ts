import { camelKeys, snakeKeys } from "../../config/names.ts";
import { serverSchema } from "../../config/server_schema.ts";
import { validate } from "../../config/validate.ts";
import { errorText } from "../../model/error_text.ts";
import { BalancerError } from "../../model/errors.ts";
import { canonicalServerUrl, completeServer, type Server } from "../../model/server.ts";

/** The longest fault, in characters. */
const FAULT_MAX = 500;

/** A server read from a key and its value, or the fault in them. */
export type ServerReading =
  | { readonly server: Server; readonly fault?: never }
  | { readonly server?: never; readonly fault: string };

/** Writes the value of a server's key: JSON with the fields of the admin API, in their order. */
export function writeServerValue(server: Server): string {
  return JSON.stringify(snakeKeys(server));
}

/**
 * Reads the key and value of a server, which may have been written by hand. Fields that the value
 * leaves out have their defaults; the URL is that of the key.
 *
 * @param url The part of the key after `servers/`.
 * @param value The value.
 */
export function readServerValue(url: string, value: string): ServerReading {
  try {
    const canonical = canonicalServerUrl(url);
    if (canonical !== url) return { fault: `the key must end with the URL as ${canonical}` };
  } catch (error) {
    return { fault: `the key must end with the URL of a server, and it ${errorText(error)}` };
  }
  let fields: unknown;
  try {
    fields = JSON.parse(value);
  } catch {
    return { fault: 'the value must be JSON such as {"weight": 2}' };
  }
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
    return { fault: 'the value must be a JSON object such as {"weight": 2}' };
  }
  try {
    const server = completeServer(camelKeys(validate(serverSchema, { url, ...fields }, "it")));
    if (server.url === url) return { server };
    return { fault: `the url in the value is ${server.url}, and must be that in the key` };
  } catch (error) {
    if (!(error instanceof BalancerError)) throw error;
    return { fault: clipped(error.message.replace(/^Cannot use it: /, ""), FAULT_MAX) };
  }
}

/** Shortens an untrusted text to at most this many characters. */
export function clipped(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}
