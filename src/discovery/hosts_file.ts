import { readFile, stat } from "node:fs/promises";
import { getLogger } from "@logtape/logtape";
import { formatIpAddress, isUnspecifiedAddress, parseIpAddress } from "../model/ip_address.ts";
import { plainName } from "./dns_resolver.ts";
import { HOSTS, mayRead } from "./system_resolver.ts";

const logger = getLogger(["ballast", "discovery"]);

/** The hosts file of this machine (hosts(5)). */
export class HostsFile {
  readonly #path: string;
  #addresses: ReadonlyMap<string, readonly string[]> = new Map();
  /** Identifies the text that was read last. */
  #version: string | undefined;
  #hasWarned = false;

  /** @param path The file. Default: `/etc/hosts`. */
  constructor(path: string = HOSTS) {
    this.#path = path;
  }

  /**
   * The addresses of a name; none if the file does not have it or does not exist. A changed file is
   * read again. If it cannot be read, that is logged once, and the text that was read before counts.
   */
  async find(host: string): Promise<readonly string[]> {
    await this.#refresh();
    return this.#addresses.get(plainName(host)) ?? [];
  }

  async #refresh(): Promise<void> {
    if (!mayRead(this.#path)) {
      return this.#warn("no permission to read it; restart with it in --allow-read");
    }
    try {
      const { mtimeMs, size, ino } = await stat(this.#path);
      const version = `${mtimeMs} ${size} ${ino}`;
      if (version === this.#version) return;
      this.#addresses = parseHosts(await readFile(this.#path, "utf8"));
      this.#version = version;
    } catch (error) {
      const { code, message } = error as Error & { readonly code?: string };
      if (code !== "ENOENT") return this.#warn(message);
      this.#addresses = new Map();
      this.#version = undefined;
    }
  }

  #warn(why: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const path = this.#path;
    logger.warn("Cannot read {path}, using DNS only: {why}", { path, why });
  }
}

/**
 * Parses a hosts file (hosts(5)): an address a line, and its names. Invalid lines are skipped, as other
 * resolvers do.
 *
 * @param text The text.
 * @returns The addresses of each name in lower case, in their order.
 */
export function parseHosts(text: string): Map<string, string[]> {
  const byName = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [written = "", ...names] = line.replace(/#.*$/, "").trim().split(/\s+/);
    const bytes = parseIpAddress(written);
    // Names are blocked with 0.0.0.0, which would be this machine.
    if (bytes === undefined || isUnspecifiedAddress(bytes)) continue;
    const address = formatIpAddress(bytes);
    for (const name of new Set(names.map(plainName))) {
      const addresses = byName.get(name);
      if (addresses === undefined) byName.set(name, [address]);
      else if (!addresses.includes(address)) addresses.push(address);
    }
  }
  return byName;
}
