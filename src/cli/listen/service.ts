import type { Listener, ListenOptions } from "../../fronts/web/listener.ts";
import { errorText } from "../../model/error_text.ts";
import { CommandError } from "../errors.ts";

/** Where to listen. */
export interface Address {
  /** The host name or IP address. */
  readonly host: string;
  /** The port. */
  readonly port: number;
  /** The flag that sets the port, for error messages. */
  readonly flag: string;
  /** Whether TLS is spoken there. Default: false. */
  readonly secure?: boolean;
}

/** A port that the program listens on. */
export interface Service {
  /** Where a browser finds it. */
  readonly url: string;
  /** Accepts no more, and resolves when what is under way is over, or when the signal says so. */
  shutdown(limit: AbortSignal): Promise<void>;
  /** Stops at once. Not possible any more once {@linkcode shutdown} was called. */
  close(): Promise<void>;
}

/**
 * Listens on a port.
 *
 * @param address Where to listen.
 * @param listen What accepts the connections.
 * @throws {CommandError} If the address cannot be had.
 */
export async function startService(
  { host, port, flag, secure = false }: Address,
  listen: (options: ListenOptions) => Listener | Promise<Listener>,
): Promise<Service> {
  const abort = new AbortController();
  let listener: Listener;
  try {
    listener = await listen({ hostname: host, port, signal: abort.signal });
  } catch (error) {
    throw new CommandError(
      `Cannot listen on ${host}:${port}: ${whyNot(error, { host, port, flag })}`,
    );
  }
  async function close(): Promise<void> {
    abort.abort();
    await listener.finished;
  }
  return {
    url: `http${secure ? "s" : ""}://${browserHost(host)}:${port}`,
    async shutdown(limit: AbortSignal): Promise<void> {
      const { promise: limitReached, resolve } = Promise.withResolvers<void>();
      limit.addEventListener("abort", () => resolve(), { once: true });
      await Promise.race([listener.shutdown(), limitReached]);
    },
    close,
  };
}

/** A host as it stands before a port: an IPv6 address is in brackets. */
export function hostBeforePort(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function browserHost(host: string): string {
  return host === "0.0.0.0" || host === "::" ? "localhost" : hostBeforePort(host);
}

function whyNot(error: unknown, { host, port, flag }: Address): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return `the port is in use; choose another with ${flag}`;
  }
  if (error instanceof Deno.errors.NotCapable) {
    return `start with ${hostBeforePort(host)}:${port} in --allow-net`;
  }
  if (error instanceof Deno.errors.PermissionDenied && port < 1024) {
    return `ports below 1024 need a right that this user lacks; choose another with ${flag}`;
  }
  return errorText(error);
}
