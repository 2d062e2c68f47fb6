import type { Listener, ListenOptions } from "../../fronts/web/listener.ts";
import { errorText } from "../../model/error_text.ts";
import { CommandError } from "../errors.ts";

/** An address to listen on. */
export interface Address {
  /** The host name or IP address. */
  readonly host: string;
  /** The port. */
  readonly port: number;
  /** The flag that sets the port, for error messages. */
  readonly flag: string;
  /** Whether it speaks TLS. Default: false. */
  readonly secure?: boolean;
}

/** A listening port of the program. */
export interface Service {
  /** Its URL for a browser. */
  readonly url: string;
  /** Accepts no more connections, and waits for active requests until the signal is aborted. */
  shutdown(limit: AbortSignal): Promise<void>;
  /** Stops at once. Has no effect after {@linkcode shutdown}. */
  close(): Promise<void>;
}

/**
 * Listens on a port.
 *
 * @throws {CommandError} If the address is not available.
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
  return {
    url: `http${secure ? "s" : ""}://${browserHost(host)}:${port}`,
    async shutdown(limit: AbortSignal): Promise<void> {
      const { promise: limitReached, resolve } = Promise.withResolvers<void>();
      limit.addEventListener("abort", () => resolve(), { once: true });
      await Promise.race([listener.shutdown(), limitReached]);
    },
    async close(): Promise<void> {
      abort.abort();
      await listener.finished;
    },
  };
}

/** A host as written before a port: an IPv6 address is in brackets. */
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
    return `no network permission; add ${hostBeforePort(host)}:${port} to --allow-net`;
  }
  if (error instanceof Deno.errors.PermissionDenied && port < 1024) {
    return `this user may not use ports below 1024; choose another with ${flag}`;
  }
  return errorText(error);
}
