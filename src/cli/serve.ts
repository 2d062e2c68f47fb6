import type { RequestInfo } from "../../mod.ts";
import { getLogger } from "@logtape/logtape";
import { CommandError } from "./errors.ts";

const logger = getLogger(["ballast", "listen"]);

/** Where to listen. */
export interface Address {
  /** The host name or IP address. */
  readonly host: string;
  /** The port. */
  readonly port: number;
  /** The flag that sets the port, for error messages. */
  readonly flag: string;
}

/** A server that accepts connections. */
export interface Listener {
  /** Where a browser finds it. */
  readonly url: string;
  /** Accepts no more, waits for what is under way until the signal, then breaks it off. */
  shutdown(limit: AbortSignal): Promise<void>;
  /** Stops at once. */
  close(): Promise<void>;
}

/**
 * Accepts connections.
 *
 * @param address Where to listen.
 * @param handler What answers.
 * @throws {CommandError} If the address cannot be had.
 */
export function serveOn(
  { host, port, flag }: Address,
  handler: (request: Request, info: RequestInfo) => Promise<Response>,
): Listener {
  const abort = new AbortController();
  let server: Deno.HttpServer;
  try {
    server = Deno.serve({
      hostname: host,
      port,
      signal: abort.signal,
      onListen: () => {},
      // A response that breaks off after its head ends here too; the client sees it break off.
      onError: (error) => {
        logger.debug("A response broke off: {error}", { error });
        return new Response(null, { status: 502 });
      },
      automaticCompression: false,
    }, handler);
  } catch (error) {
    throw new CommandError(`Cannot listen on ${host}:${port}: ${whyNot(error, port, flag)}`);
  }
  async function close(): Promise<void> {
    abort.abort();
    await server.finished;
  }
  return {
    url: `http://${urlHost(host)}:${port}`,
    async shutdown(limit: AbortSignal): Promise<void> {
      limit.addEventListener("abort", close);
      await server.shutdown();
      limit.removeEventListener("abort", close);
    },
    close,
  };
}

function urlHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}

function whyNot(error: unknown, port: number, flag: string): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return `the port is in use; choose another with ${flag}`;
  }
  if (error instanceof Deno.errors.NotCapable) return "start with --allow-net";
  if (error instanceof Deno.errors.PermissionDenied && port < 1024) {
    return `ports below 1024 need a right that this user lacks; choose another with ${flag}`;
  }
  return error instanceof Error ? error.message : String(error);
}
