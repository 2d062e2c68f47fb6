import { readFile, stat } from "node:fs/promises";
import { getLogger } from "@logtape/logtape";
import { formatIpAddress, isUnspecifiedAddress, parseIpAddress } from "../model/ip_address.ts";
import { plainName } from "./dns_resolver.ts";
import { HOSTS, mayRead } from "./system_resolver.ts";

const logger = getLogger(["ballast", "discovery"]);

/** The addresses of names that a system has in a file of its own (hosts(5)). */
export class HostsFile {
  readonly #path: string;
  #addresses: ReadonlyMap<string, readonly string[]> = new Map();
  /** Tells the text that was read last from any other. */
  #version: string | undefined;
  #hasWarned = false;

  /** @param path The file. Default: `/etc/hosts`. */
  constructor(path: string = HOSTS) {
    this.#path = path;
  }

  /**
   * The addresses of a name; none where the file does not name it, or is not there. It is read again
   * whenever it has changed. Where it cannot be read, the log says so once, and what was read
   * before counts.
   */
  async find(host: string): Promise<readonly string[]> {
    await this.#refresh();
    return this.#addresses.get(plainName(host)) ?? [];
  }

  async #refresh(): Promise<void> {
    if (!mayRead(this.#path)) {
      return this.#warn(`the program may not read it: restart it with that in --allow-read`);
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
    logger.warn("Cannot look names up in {path}, only in DNS: {why}", { path, why });
  }
}

/**
 * Reads the text of `/etc/hosts` (hosts(5)): an address, and the names that have it. What is not
 * understood is skipped, as other resolvers do.
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
