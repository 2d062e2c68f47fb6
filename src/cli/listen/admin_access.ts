import { type Admin, createAdmin } from "../../admin/handler.ts";
import { isLoopbackHost } from "../../admin/host_check.ts";
import type { AdminCluster } from "../../admin/target.ts";
import type { LoadBalancer } from "../../balancer/load_balancer.ts";
import type { Config } from "../../config/config.ts";
import { createDashboard } from "../../dashboard/mod.ts";
import { BalancerError } from "../../model/errors.ts";
import type { Args, SwitchFlag, ValueFlag } from "../command_line.ts";
import { UsageError } from "../errors.ts";
import { readToken, TOKEN_FLAG } from "../files/secret_files.ts";
import type { ListenSettings } from "./listen_settings.ts";

/** The flag of `listen` with the token of the admin API. */
export const ACCESS_FLAGS: Readonly<Record<"api-token-file", ValueFlag>> = {
  "api-token-file": {
    ...TOKEN_FLAG["api-token-file"],
    help: "file with the token that the admin API requires (default none)",
  },
};

/** The flag that allows an admin API without a token on other addresses than loopback. */
export const ACCESS_SWITCHES: Readonly<Record<"api-without-token", SwitchFlag>> = {
  "api-without-token": {
    help: "allow other machines to reach the admin API without a token",
  },
};

/** Parts of the admin API of `listen`. */
interface AdminParts {
  /** The effective settings. */
  readonly settings: ListenSettings;
  /** The cluster that the balancer has joined; undefined if it has not joined one. */
  readonly cluster: AdminCluster | undefined;
}

/**
 * Creates the admin API of `listen`.
 *
 * @throws {UsageError} If other machines could reach it without a token, and that is not allowed.
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
      `the admin API on ${host} needs a token, as other machines can reach it: give ` +
        "--api-token-file FILE, keep it on 127.0.0.1, or allow it with --api-without-token",
    );
  }
  // A zone, as in fe80::1%eth0, has no place in a Host (RFC 3986 §3.2.2).
  const hosts = isLoopback ? [] : [host.replace(/%.*$/, "")];
  const token = path === undefined ? undefined : await readToken(path);
  const reported: Config = {
    ...settings,
    ...(path === undefined ? {} : { apiTokenFile: path }),
    ...(open ? { apiWithoutToken: true } : {}),
  };
  try {
    return createAdmin(balancer, {
      hosts,
      settings: reported,
      dashboard: createDashboard(),
      ...(cluster === undefined ? {} : { cluster }),
      ...(token === undefined ? {} : { token }),
    });
  } catch (error) {
    if (!(error instanceof BalancerError)) throw error;
    throw new UsageError(`--api-host must be a host name or an IP address, not "${host}"`);
  }
}
