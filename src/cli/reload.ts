import type { Config, LoadBalancer } from "../../mod.ts";
import { CommandError } from "./errors.ts";
import { printable, printError, printLine } from "./output.ts";
import { parseConfigFile, readConfigText } from "./read_config.ts";

/** How long a file has to be left alone before it is read, in milliseconds. */
const QUIET_MS = 200;

/** Lets a running balancer follow its configuration file. */
export class ConfigReload {
  readonly #path: string;
  readonly #balancer: LoadBalancer;
  #text: string;
  #config: Config;

  /**
   * @param path The file.
   * @param text What it said when the balancer was started.
   * @param balancer The balancer.
   */
  constructor(path: string, text: string, balancer: LoadBalancer) {
    this.#path = path;
    this.#text = text;
    this.#config = parseConfigFile(text, path);
    this.#balancer = balancer;
  }

  /**
   * Reads the file and changes what is different: servers and health checks. A file that cannot be
   * used changes nothing. Says what it did, or why not. Never rejects.
   */
  async reload(): Promise<void> {
    await this.#read((text) => this.#apply(text));
  }

  /**
   * Reloads whenever the file has another text.
   *
   * @param signal Ends that.
   */
  async watch(signal: AbortSignal): Promise<void> {
    // Editors put a new file in place of the old one, so the folder is what can be watched.
    using watcher = Deno.watchFs(folderOf(this.#path), { recursive: false });
    signal.addEventListener("abort", () => watcher.close(), { once: true });
    let timer: ReturnType<typeof setTimeout> | undefined;
    for await (const _ of watcher) {
      clearTimeout(timer);
      timer = setTimeout(() => this.#reloadIfDifferent(), QUIET_MS);
    }
    clearTimeout(timer);
  }

  async #reloadIfDifferent(): Promise<void> {
    await this.#read(async (text) => {
      if (text === this.#text) return;
      // Nobody asked for it: a file that is just being written must not take every server away.
      if (text.trim() === "") throw new CommandError(`Cannot use ${this.#path}: it is empty`);
      await this.#apply(text);
    });
  }

  /** Reads the file for somebody, and says why it cannot be read or used. */
  async #read(use: (text: string) => Promise<void>): Promise<void> {
    try {
      await use(await readConfigText(this.#path));
    } catch (error) {
      this.#refuse(error);
    }
  }

  async #apply(text: string): Promise<void> {
    const config = parseConfigFile(text, this.#path);
    const { added, changed, removed } = await this.#balancer.setServers(config.servers);
    const checks = differs(config.healthCheck, this.#config.healthCheck);
    if (checks) this.#balancer.setHealthCheck(config.healthCheck);
    const done = [
      ...(added.length > 0 ? [`${added.length} added`] : []),
      ...(changed.length > 0 ? [`${changed.length} changed`] : []),
      ...(removed.length > 0 ? [`${removed.length} removed`] : []),
      ...(checks ? ["health checks changed"] : []),
    ];
    printLine(`Reloaded ${this.#path}: ${done.join(", ") || "nothing is different"}`);
    const later = fixedSettings(config, this.#config);
    if (later.length > 0) printError(`A restart is needed for changes of: ${later.join(", ")}`);
    this.#text = text;
    this.#config = { ...this.#config, healthCheck: config.healthCheck };
  }

  #refuse(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    printError(`${printableLines(why)}\nThe configuration in use is unchanged.`);
  }
}

/** The settings that are different and are only read at the start. */
function fixedSettings(after: Config, before: Config): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof Config>;
  names.delete("servers");
  names.delete("healthCheck");
  return [...names].filter((name) => differs(before[name], after[name]))
    .map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

/** The folder of a file, by its path. */
export function folderOf(path: string): string {
  return /^.*[\\/]/.exec(path)?.[0] ?? ".";
}

function differs(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) !== JSON.stringify(other);
}

function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}
