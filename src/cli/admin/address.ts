import { isHost } from "../../model/host.ts";
import type { Args } from "../command_line.ts";
import { UsageError } from "../errors.ts";

const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = 8000;
/** A host with an optional port, as in a URL: an IPv6 address is in brackets. */
const AUTHORITY = /^(?:\[([^\[\]]*)\]|([^:\[\]]*))(?::([1-9][0-9]{0,4}))?$/;

/**
 * Reads the URL of the admin API from a command line, without a trailing slash. `--api-host` is a
 * host, a host with a port, or an http URL; if it has a port, `--api-port` must not be another.
 *
 * @throws {UsageError} If the flags give no URL.
 */
export function readAdminAddress(args: Args): string {
  const given = args.text("api-host") ?? DEFAULT_HOST;
  const port = args.wholeNumber("api-port", 1, 65_535);
  if (/^https:/i.test(given)) {
    throw new UsageError(
      `--api-host must be a host or an http URL, not "${given}": the admin API speaks plain HTTP`,
    );
  }
  const { host, port: inHost } = readAuthority(given);
  if (inHost !== undefined && port !== undefined && inHost !== port) {
    throw new UsageError(
      `--api-host ${given} and --api-port ${port} give different ports; leave one out`,
    );
  }
  const name = host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${inHost ?? port ?? DEFAULT_PORT}`;
}

function readAuthority(text: string): { host: string; port: number | undefined } {
  const authority = text.replace(/^http:\/\/([^/]*)\/?$/i, "$1");
  if (isUrlHost(authority)) return { host: authority, port: undefined };
  const [, ipv6, name, port] = AUTHORITY.exec(authority) ?? [];
  const host = ipv6 ?? name ?? "";
  const isValid = isUrlHost(host) && (ipv6 === undefined || host.includes(":"));
  if (isValid && Number(port ?? 0) <= 65_535) {
    return { host, port: port === undefined ? undefined : Number(port) };
  }
  throw new UsageError(
    `--api-host must be a host or a URL such as http://127.0.0.1:8000, not "${text}"`,
  );
}

/** Whether a URL can have the host: IPv6 zones are not allowed there (WHATWG URL §3.5). */
function isUrlHost(host: string): boolean {
  return isHost(host) && !host.includes("%");
}
