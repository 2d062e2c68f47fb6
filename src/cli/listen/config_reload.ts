import { getLogger } from "@logtape/logtape";
import type { LoadBalancer } from "../../balancer/load_balancer.ts";
import type { Config } from "../../config/config.ts";
import { snakeCase } from "../../config/names.ts";
import { errorText } from "../../model/error_text.ts";
import { canonicalServerUrl, type Server } from "../../model/server.ts";
import { CommandError } from "../errors.ts";
import { asOneLine, type ListenConfig, parseConfigFile } from "../files/config_file.ts";
import { readTextFile } from "../files/text_file.ts";
import { printable, type Say } from "../output/print.ts";

const logger = getLogger(["ballast", "listen"]);

/** Time without changes before a file is read, in milliseconds. */
const QUIET_MS = 200;
/** The most servers that the log of a reload names. */
const NAMED_MAX = 20;

/** The configuration file of a running balancer. */
export interface ReloadFile extends ListenConfig {
  readonly path: string;
}

/** Parts of a {@linkcode ConfigReload}. */
export interface ReloadParts {
  /** The balancer. */
  readonly balancer: LoadBalancer;
  /** Reports what a reload changed. */
  readonly say: Say;
  /** Whether etcd keeps the servers, so that those of the file are ignored. Default: false. */
  readonly serversElsewhere?: boolean;
}

/** Applies changes of the configuration file to a running balancer. */
export class ConfigReload {
  readonly #path: string;
  readonly #parts: ReloadParts;
  /** The text of the file when it was last read, valid or not. */
  #text: string;
  #isUnreadable = false;
  #config: Config;

  constructor({ path, text, config }: ReloadFile, parts: ReloadParts) {
    this.#path = path;
    this.#text = text;
    this.#config = config;
    this.#parts = parts;
  }

  /**
   * Reads the file and applies its changes: servers and health checks. An invalid file changes
   * nothing. Reports the changes, or logs the error. Never rejects.
   */
  async reload(): Promise<void> {
    this.#isUnreadable = false;
    await this.#read((text) => this.#apply(text));
  }

  /** Reloads if the file has changed since it was last read. Never rejects. */
  async reloadIfDifferent(): Promise<void> {
    await this.#read(async (text) => {
      // Other files in the folder change as well, such as a log with the error in this one.
      if (text !== this.#text) await this.#apply(text);
    });
  }

  /** Reloads the file whenever its text changes. */
  async watch(signal: AbortSignal): Promise<void> {
    // Editors replace the file by a new one, so its folder has to be watched.
    using watcher = Deno.watchFs(folderOf(this.#path), { recursive: false });
    signal.addEventListener("abort", () => watcher.close(), { once: true });
    const name = nameOf(this.#path);
    let timer: ReturnType<typeof setTimeout> | undefined;
    for await (const { kind, paths } of watcher) {
      // Reading the file is an event as well.
      if (kind === "access") continue;
      // The file may be a link to another one in the folder, so any change starts the timer. Only
      // changes of the file itself restart it, as a log beside it may never be quiet.
      if (timer !== undefined && !paths.some((path) => nameOf(path) === name)) continue;
      clearTimeout(timer);
      timer = setTimeout(() => {
        timer = undefined;
        this.reloadIfDifferent();
      }, QUIET_MS);
    }
    clearTimeout(timer);
  }

  /** Reads and uses the file. Logs every error in it, and once that it cannot be read. */
  async #read(use: (text: string) => Promise<void>): Promise<void> {
    let text: string;
    try {
      text = await readTextFile(this.#path, "the configuration");
    } catch (error) {
      if (!this.#isUnreadable) this.#refuse(error);
      this.#isUnreadable = true;
      return;
    }
    this.#isUnreadable = false;
    try {
      await use(text);
    } catch (error) {
      this.#refuse(error);
    }
  }

  async #apply(text: string): Promise<void> {
    this.#text = text;
    const { balancer, say, serversElsewhere = false } = this.#parts;
    // A truncated file must not remove every server, or reset the health checks if etcd keeps the
    // servers. A file that has gained etcd settings still has to name them until the restart.
    if (serversElsewhere && text.trim() === "") {
      throw new CommandError(`Cannot use ${this.#path}: it is empty`);
    }
    const config = parseConfigFile(text, this.#path, { requireServers: !serversElsewhere });
    const done = await this.#applyServers(config);
    const checks = differs(config.healthCheck, this.#config.healthCheck);
    if (checks) balancer.setHealthCheck(config.healthCheck);
    if (checks) done.push("health checks changed");
    say(`Reloaded ${this.#path}: ${done.join(", ") || "no changes"}`);
    const later = fixedSettings(config, this.#config);
    if (later.length > 0) {
      logger.warn(`Restart to apply changes of: ${later.join(", ")}`, { settings: later });
    }
    this.#config = { ...this.#config, healthCheck: config.healthCheck };
  }

  /** Applies the servers, and reports each change of one. Returns a summary. */
  async #applyServers({ servers }: Config): Promise<string[]> {
    const { balancer, say, serversElsewhere } = this.#parts;
    if (serversElsewhere) return ["servers ignored, as etcd keeps them"];
    const before = new Map(
      servers.flatMap(({ url }) => balancer.find({ url: canonicalServerUrl(url) }))
        .map((server) => [server.url, server]),
    );
    const { added, changed, removed } = await balancer.setServers(servers);
    const changes = [
      ...added.map(({ url }) => `Added ${url}`),
      ...changed.map((server) => `Changed ${server.url}: ${fieldChanges(before, server)}`),
      ...removed.map(({ url }) => `Removed ${url}`),
    ];
    for (const change of changes.slice(0, NAMED_MAX)) say(change);
    if (changes.length > NAMED_MAX) say(`… and ${changes.length - NAMED_MAX} more`);
    return Object.entries({ added, changed, removed })
      .filter(([, { length }]) => length > 0)
      .map(([verb, { length }]) => `${length} ${verb}`);
  }

  #refuse(error: unknown): void {
    logger.error("{why}. The running configuration is unchanged.", {
      why: asOneLine(errorText(error)),
    });
  }
}

/** The fields of a server that differ, with their old and new values. */
function fieldChanges(before: ReadonlyMap<string, Partial<Server>>, after: Server): string {
  const old = before.get(after.url) ?? {};
  return (Object.keys(after) as (keyof Server)[]).filter((name) => old[name] !== after[name])
    .map((name) => printable(`${snakeCase(name)} ${old[name]} → ${after[name]}`)).join(", ");
}

/** The changed settings that are only read at the start. */
function fixedSettings(after: Config, before: Config): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof Config>;
  names.delete("servers");
  names.delete("healthCheck");
  return [...names].filter((name) => differs(before[name], after[name]))
    .map(snakeCase);
}

/** The folder of a file, by its path. */
export function folderOf(path: string): string {
  return /^.*[\\/]/.exec(path)?.[0] ?? ".";
}

function nameOf(path: string): string {
  return path.replace(/^.*[\\/]/, "");
}

function differs(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) !== JSON.stringify(other);
}
