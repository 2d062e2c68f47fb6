import { readFile } from "node:fs/promises";
import { errorText } from "../model/error_text.ts";
import { DnsFailure } from "./dns_resolver.ts";
import { parseResolvConf, type ResolverConfig } from "./resolv_conf.ts";

/** Where a system says which name servers it asks. */
export const RESOLV_CONF = "/etc/resolv.conf";
/** Where it keeps names with their addresses that DNS is not asked for. */
export const HOSTS = "/etc/hosts";

const REMEDY = "name the name server in dns: { server: … }";

/**
 * Which name servers this system asks. The file is read each time, as it changes where networks do.
 *
 * @param path The file. Default: `/etc/resolv.conf`.
 * @throws {DnsFailure} If the file cannot be read, or names none.
 */
export async function systemResolver(path: string = RESOLV_CONF): Promise<ResolverConfig> {
  if (!mayRead(path)) {
    throw new DnsFailure(
      `the program may not read ${path}: restart it with that in --allow-read, or ${REMEDY}`,
    );
  }
  const config = parseResolvConf(await readText(path));
  if (config.servers.length > 0) return config;
  throw new DnsFailure(`${path} names no name server: ${REMEDY}`);
}

/** Whether this process may read a file; where Deno would ask at the terminal, it may not. */
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
