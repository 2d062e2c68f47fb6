import { AdminClient, type AdminClientError } from "../../admin/client/admin_client.ts";
import type { Args, ValueFlag } from "../command_line.ts";
import { readToken, TOKEN_FLAG } from "../files/secret_files.ts";
import { readAdminAddress } from "./address.ts";

/** The flags with the address and token of the admin API. */
export const ADMIN_FLAGS: Readonly<
  Record<"api-host" | "api-port" | "api-token-file", ValueFlag>
> = {
  "api-port": { value: "PORT", help: "port of the admin API (default 8000)" },
  "api-host": {
    value: "HOST|URL",
    help: "host or URL of the admin API (default 127.0.0.1)",
  },
  ...TOKEN_FLAG,
};

/** Hints that follow the message of a failed request. */
export const ADMIN_HINTS: Readonly<Record<AdminClientError["kind"], string>> = {
  unreachable: ". Is the balancer running? If so, give its API port with --api-port.",
  unauthorized: ". Give its file with --api-token-file.",
  refused: "",
};

/**
 * The client for the admin API at the address on the command line.
 *
 * @throws {UsageError} If the address is invalid.
 */
export function adminClient(args: Args): AdminClient {
  const path = args.text("api-token-file");
  return new AdminClient({
    base: readAdminAddress(args),
    token: path === undefined ? undefined : { source: path, read: () => readToken(path) },
  });
}

/**
 * Calls a route of the admin API whose answer is a server.
 *
 * @param body Content to POST as JSON; without it the request is a GET.
 * @throws {AdminClientError} If the request fails.
 */
export function callAdmin<Answer>(args: Args, path: string, body?: unknown): Promise<Answer> {
  return adminClient(args).readServer(path, body === undefined ? {} : { body });
}
