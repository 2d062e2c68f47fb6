import { camelKeys, snakeKeys } from "../../config/names.ts";
import { serverSchema } from "../../config/server_schema.ts";
import { validate } from "../../config/validate.ts";
import { errorText } from "../../model/error_text.ts";
import { BalancerError } from "../../model/errors.ts";
import { canonicalServerUrl, completeServer, type Server } from "../../model/server.ts";

/** The most characters that are said about a value. */
const FAULT_MAX = 500;

/** What a key and its value say: a server, or why they say nothing. */
export type ServerReading =
  | { readonly server: Server; readonly fault?: never }
  | { readonly server?: never; readonly fault: string };

/**
 * A server as it stands in etcd: JSON with the fields of the admin API, in their order.
 *
 * @param server The server.
 */
export function writeServerValue(server: Server): string {
  return JSON.stringify(snakeKeys(server));
}

/**
 * Reads what somebody has written under the key of a server, perhaps by hand. What the value leaves
 * out has its default, the URL included, which the key says.
 *
 * @param url What stands in the key behind `servers/`.
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

/** The beginning of a text that somebody else has written. */
export function clipped(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}
