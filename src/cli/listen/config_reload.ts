import { getLogger } from "@logtape/logtape";
import type { LoadBalancer } from "../../balancer/load_balancer.ts";
import type { Config } from "../../config/config.ts";
import { snakeCase } from "../../config/names.ts";
import { errorText } from "../../model/error_text.ts";
import { CommandError } from "../errors.ts";
import { type ListenConfig, parseConfigFile, readConfigText } from "../files/config_file.ts";
import type { Say } from "./logs.ts";

const logger = getLogger(["ballast", "listen"]);

/** How long a file has to be left alone before it is read, in milliseconds. */
const QUIET_MS = 200;

/** The file that a {@linkcode ConfigReload} follows. */
export interface ReloadFile extends ListenConfig {
  readonly path: string;
}

/** What a {@linkcode ConfigReload} works with. */
export interface ReloadParts {
  /** The balancer. */
  readonly balancer: LoadBalancer;
  /** What tells people what was done. */
  readonly say: Say;
  /** Whether the servers are kept elsewhere, so that those of the file do not count. Default: false. */
  readonly serversElsewhere?: boolean;
}

/** Lets a running balancer follow its configuration file. */
export class ConfigReload {
  readonly #path: string;
  readonly #balancer: LoadBalancer;
  readonly #say: Say;
  readonly #serversElsewhere: boolean;
  /** What the file said when it was last read, whether that could be used or not. */
  #text: string;
  #isUnreadable = false;
  #config: Config;

  /**
   * @param file The file, and what it said when the balancer was started.
   * @param parts What to work with.
   */
  constructor({ path, text, config }: ReloadFile, parts: ReloadParts) {
    const { balancer, say, serversElsewhere = false } = parts;
    this.#path = path;
    this.#text = text;
    this.#config = config;
    this.#balancer = balancer;
    this.#say = say;
    this.#serversElsewhere = serversElsewhere;
  }

  /**
   * Reads the file and changes what is different: servers and health checks. A file that cannot be
   * used changes nothing. Says what it did, or why not. Never rejects.
   */
  async reload(): Promise<void> {
    this.#isUnreadable = false;
    await this.#read((text) => this.#apply(text));
  }

  /** Reloads where the file is not what it was when it was last read. Never rejects. */
  async reloadIfDifferent(): Promise<void> {
    await this.#read(async (text) => {
      // Other files in the folder change as well, such as a log that says why this one is refused.
      if (text !== this.#text) await this.#apply(text);
    });
  }

  /**
   * Reloads whenever the file has another text than when it was last read.
   *
   * @param signal Ends that.
   */
  async watch(signal: AbortSignal): Promise<void> {
    // Editors put a new file in place of the old one, so the folder is what can be watched.
    using watcher = Deno.watchFs(folderOf(this.#path), { recursive: false });
    signal.addEventListener("abort", () => watcher.close(), { once: true });
    const name = nameOf(this.#path);
    let timer: ReturnType<typeof setTimeout> | undefined;
    for await (const { kind, paths } of watcher) {
      // Reading the file is an event as well.
      if (kind === "access") continue;
      // The file may be a link to another one there; but a log that is written beside it goes on and
      // on, and must not put the file off.
      if (timer !== undefined && !paths.some((path) => nameOf(path) === name)) continue;
      clearTimeout(timer);
      timer = setTimeout(() => {
        timer = undefined;
        this.reloadIfDifferent();
      }, QUIET_MS);
    }
    clearTimeout(timer);
  }

  /** Reads the file for somebody, and says why it cannot be used, or once why it cannot be read. */
  async #read(use: (text: string) => Promise<void>): Promise<void> {
    let text: string;
    try {
      text = await readConfigText(this.#path);
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
    const serversElsewhere = this.#serversElsewhere;
    // What is cut off while it is written, or by mistake, must not take every server away, nor reset
    // the health checks where the servers are elsewhere. That the file speaks of etcd is no reason:
    // it takes a restart until that has them.
    if (serversElsewhere && text.trim() === "") {
      throw new CommandError(`Cannot use ${this.#path}: it is empty`);
    }
    const config = parseConfigFile(text, this.#path, { requireServers: !serversElsewhere });
    const done = await this.#applyServers(config);
    const checks = differs(config.healthCheck, this.#config.healthCheck);
    if (checks) this.#balancer.setHealthCheck(config.healthCheck);
    if (checks) done.push("health checks changed");
    this.#say(`Reloaded ${this.#path}: ${done.join(", ") || "nothing is different"}`);
    const later = fixedSettings(config, this.#config);
    if (later.length > 0) {
      logger.warn(`A restart is needed for changes of: ${later.join(", ")}`, { settings: later });
    }
    this.#config = { ...this.#config, healthCheck: config.healthCheck };
  }

  /** What was done. */
  async #applyServers({ servers }: Config): Promise<string[]> {
    if (this.#serversElsewhere) {
      return ["its servers are not looked at, as etcd keeps them"];
    }
    const { added, changed, removed } = await this.#balancer.setServers(servers);
    return [
      ...(added.length > 0 ? [`${added.length} added`] : []),
      ...(changed.length > 0 ? [`${changed.length} changed`] : []),
      ...(removed.length > 0 ? [`${removed.length} removed`] : []),
    ];
  }

  #refuse(error: unknown): void {
    const why = errorText(error);
    // Several faults stand on lines of their own, and the log has one for each record.
    logger.error("{why}. The configuration in use is unchanged.", {
      why: why.replace(/\n */, " ").replace(/\n */g, "; "),
    });
  }
}

/** The settings that are different and are only read at the start. */
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
