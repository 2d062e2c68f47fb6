import { readFile } from "node:fs/promises";
import { errorText } from "../model/error_text.ts";
import { DnsFailure } from "./dns_resolver.ts";
import { parseResolvConf, type ResolverConfig } from "./resolv_conf.ts";

/** The file that names the system's name servers. */
export const RESOLV_CONF = "/etc/resolv.conf";
/** The system's hosts file. */
export const HOSTS = "/etc/hosts";

const REMEDY = "name the name server in dns: { server: … }";

/**
 * Reads the system's resolver configuration. It is read each time, as it changes with the network.
 *
 * @param path The file. Default: `/etc/resolv.conf`.
 * @throws {DnsFailure} If the file cannot be read, or names no name server.
 */
export async function systemResolver(path: string = RESOLV_CONF): Promise<ResolverConfig> {
  if (!mayRead(path)) {
    throw new DnsFailure(
      `no permission to read ${path}: restart with it in --allow-read, or ${REMEDY}`,
    );
  }
  const config = parseResolvConf(await readText(path));
  if (config.servers.length > 0) return config;
  throw new DnsFailure(`${path} names no name server: ${REMEDY}`);
}

/** Whether this process may read a file without a prompt. */
export function mayRead(path: string): boolean {
  if (!("Deno" in globalThis)) return true;
  return Deno.permissions.querySync({ name: "read", path }).state === "granted";
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const why = errorText(cause);
    throw new DnsFailure(`${path} cannot be read (${why}): ${REMEDY}`, { cause });
  }
}
