import { type Admin, createAdmin } from "../../admin/handler.ts";
import { isLoopbackHost } from "../../admin/host_check.ts";
import type { AdminCluster } from "../../admin/target.ts";
import type { LoadBalancer } from "../../balancer/load_balancer.ts";
import type { Config } from "../../config/config.ts";
import { createDashboard } from "../../dashboard/mod.ts";
import { BalancerError } from "../../model/errors.ts";
import type { Args, SwitchFlag, ValueFlag } from "../command_line.ts";
import { UsageError } from "../errors.ts";
import { readToken, TOKEN_FLAG } from "../files/token_file.ts";
import type { ListenSettings } from "./listen_settings.ts";

/** The flag of `listen` that says what callers of the admin API must send. */
export const ACCESS_FLAGS: Readonly<Record<"api-token-file", ValueFlag>> = {
  "api-token-file": {
    ...TOKEN_FLAG["api-token-file"],
    help: "a file with the token that callers of the admin API must send (default none is needed)",
  },
};

/** The flag that lets others reach an admin API that asks for no token. */
export const ACCESS_SWITCHES: Readonly<Record<"api-without-token", SwitchFlag>> = {
  "api-without-token": {
    help: "let --api-host be an address that others can reach, without a token",
  },
};

/** Parts of the admin API of `listen`. */
interface AdminParts {
  /** Settings of `listen`. */
  readonly settings: ListenSettings;
  /** The cluster that the balancer has joined; undefined if none. */
  readonly cluster: AdminCluster | undefined;
}

/**
 * The admin API of `listen`, for callers that its flags allow, else the file.
 *
 * @param balancer The balancer.
 * @param args The command line.
 * @param parts Settings and cluster.
 * @throws {UsageError} If others could reach it without a token, and nobody said that they may.
 * @throws {CommandError} If the token cannot be read or used.
 */
export async function makeAdmin(
  balancer: LoadBalancer,
  args: Args,
  { settings, cluster }: AdminParts,
): Promise<Admin> {
  const { apiHost: host } = settings;
  const path = args.text("api-token-file") ?? settings.apiTokenFile;
  const open = args.has("api-without-token") || settings.apiWithoutToken === true;
  const isLoopback = isLoopbackHost(host);
  if (path === undefined && !isLoopback && !open) {
    throw new UsageError(
      `the admin API on ${host} needs a token, as others can reach it: give --api-token-file ` +
        "FILE, or keep it on 127.0.0.1, or say --api-without-token",
    );
  }
  // A zone, as in fe80::1%eth0, has no place in a Host (RFC 3986 §3.2.2).
  const hosts = isLoopback ? [] : [host.replace(/%.*$/, "")];
  const token = path === undefined ? undefined : await readToken(path);
  const shown: Config = {
    ...settings,
    ...(path === undefined ? {} : { apiTokenFile: path }),
    ...(open ? { apiWithoutToken: true } : {}),
  };
  try {
    return createAdmin(balancer, {
      hosts,
      settings: shown,
      dashboard: createDashboard(),
      ...(cluster === undefined ? {} : { cluster }),
      ...(token === undefined ? {} : { token }),
    });
  } catch (error) {
    if (!(error instanceof BalancerError)) throw error;
    throw new UsageError(`--api-host must be a host name or an IP address, not "${host}"`);
  }
}
