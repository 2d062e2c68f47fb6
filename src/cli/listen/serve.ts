import type { Admin } from "../../admin/handler.ts";
import type { LoadBalancer } from "../../balancer/load_balancer.ts";
import type { JoinedCluster } from "../../cluster/mod.ts";
import type { Certificate } from "../../fronts/web/certificate.ts";
import type { Listener, ListenOptions } from "../../fronts/web/listener.ts";
import { serveWithRestart } from "../../fronts/web/serve_with_restart.ts";
import { errorText } from "../../model/error_text.ts";
import { VERSION } from "../../model/version.ts";
import type { Reload } from "../../runtime/signals.ts";
import { CommandError } from "../errors.ts";
import { reloadCertificate } from "../files/tls_files.ts";
import { count, type Say } from "../output/print.ts";
import type { ListenSettings } from "./listen_settings.ts";

/** Time for an orderly end after the grace period, in milliseconds. */
const LAST_MS = 1000;

/** Parts that run beside the balancer. */
export interface Parts {
  /** The admin API. */
  readonly admin: Admin;
  /** The certificate for TLS with clients. */
  readonly certificate: Certificate | undefined;
  /** The actions of SIGHUP, to which reloading the certificate is added. */
  readonly reloads: Reload[];
  /** Reports progress. */
  readonly say: Say;
  /** The connection to the other balancers. */
  readonly shared: JoinedCluster | undefined;
  /** Resolves when the program is asked to stop. */
  readonly stop: Promise<Deno.Signal>;
}

/**
 * Serves the proxy and the admin API until the program is asked to stop, and shuts them down.
 *
 * @throws {CommandError} If an address is not available.
 */
export async function serveUntilStopped(
  balancer: LoadBalancer,
  settings: ListenSettings,
  { admin, certificate, reloads, say, shared, stop }: Parts,
): Promise<void> {
  const { host, port, apiHost, apiPort, gracePeriod, tls } = settings;
  let listener: Listener | undefined;
  reloads.push(async () => {
    if (tls !== undefined && listener !== undefined) await reloadCertificate(listener, tls, say);
  });
  const proxy = await startService(
    { host, port, flag: "--port", secure: tls !== undefined },
    async (options) =>
      listener = await balancer.listen(certificate ? { ...options, tls: certificate } : options),
  );
  let api: Service;
  try {
    api = await startService(
      { host: apiHost, port: apiPort, flag: "--api-port" },
      (options) =>
        serveWithRestart(
          (port) => Deno.serve({ ...options, port, onListen: () => {} }, admin.fetch),
          apiPort,
          options.signal,
        ),
    );
  } catch (error) {
    await proxy.close();
    throw error;
  }
  const workers = balancer.workers === 1 ? "" : ` with ${balancer.workers} workers`;
  say(`Started Ballast ${VERSION} with pid ${Deno.pid}`);
  say(`Balancing ${count(balancer.servers().length, "server")} on ${proxy.url}${workers}`);
  say(`Admin API on ${api.url}`);
  say(`Dashboard on ${api.url}/`);
  const signal = await stop;
  say(
    gracePeriod === 0
      ? `${signal}: aborting active requests`
      : `${signal}: finishing active requests, for at most ${gracePeriod} s`,
  );
  // Event streams never end by themselves.
  admin.close();
  const limit = AbortSignal.timeout(gracePeriod * 1000);
  // Ends the process, and with it active requests, even if etcd or a reader of the logs stalls.
  setTimeout(() => Deno.exit(), gracePeriod * 1000 + LAST_MS);
  const controlPlane = api.shutdown(limit).then(() => shared?.[Symbol.asyncDispose]());
  await Promise.all([proxy.shutdown(limit), controlPlane]);
  await balancer.close(limit);
}

/** An address to listen on. */
interface Address {
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
interface Service {
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
async function startService(
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
