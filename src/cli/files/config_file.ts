import { type Config, parseConfig } from "../../config/config.ts";

type ParseConfigOptions = Parameters<typeof parseConfig>[2];
import { errorText } from "../../model/error_text.ts";
import { BalancerError } from "../../model/errors.ts";
import type { Args } from "../command_line.ts";
import { CommandError } from "../errors.ts";

/** What `listen` is started with. */
export interface ListenConfig {
  /** Where the file is; undefined without one. */
  readonly path: string | undefined;
  /** Its text; empty without one. */
  readonly text: string;
  /** What it says. */
  readonly config: Config;
}

/**
 * Reads the configuration file of `listen`. It has to name the servers, unless etcd keeps them:
 * one that does not is a mistake, as it is when the file is read again.
 *
 * @param args The command line of `listen`.
 * @throws {CommandError} If it cannot be read or used, with every fault on a line of its own.
 */
export async function readListenConfig(args: Args): Promise<ListenConfig> {
  const path = args.text("config");
  if (path === undefined) return { path, text: "", config: parseConfig("") };
  const text = await readConfigText(path);
  const requireServers = args.text("etcd") === undefined ? "without_etcd" : false;
  return { path, text, config: parseConfigFile(text, path, { requireServers }) };
}

/**
 * Reads a configuration file.
 *
 * @param path Where it is.
 * @param options What it has to say.
 * @throws {CommandError} If it cannot be read or used, with every fault on a line of its own.
 */
export async function readConfig(path: string, options?: ParseConfigOptions): Promise<Config> {
  return parseConfigFile(await readConfigText(path), path, options);
}

/**
 * Reads the text of a configuration file.
 *
 * @param path Where it is.
 * @throws {CommandError} If it cannot be read.
 */
export async function readConfigText(path: string): Promise<string> {
  try {
    const bytes = await Deno.readFile(path);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new CommandError(`Cannot read the configuration ${path}: ${whyUnreadable(error)}`);
  }
}

/**
 * What the text of a configuration file says.
 *
 * @param text The text.
 * @param path Where it comes from.
 * @param options What it has to say.
 * @throws {CommandError} If it cannot be used, with every fault on a line of its own.
 */
export function parseConfigFile(
  text: string,
  path: string,
  options?: ParseConfigOptions,
): Config {
  try {
    return parseConfig(text, path, options);
  } catch (error) {
    if (!(error instanceof BalancerError)) throw error;
    const [first, ...rest] = error.faults.map(({ path: at, message }) =>
      at === "" ? message : `${at} ${message}`
    );
    if (rest.length === 0) throw new CommandError(`Cannot use ${path}: ${first}`);
    const list = [first, ...rest].map((fault) => `  ${fault}`).join("\n");
    throw new CommandError(`Cannot use ${path}; ${rest.length + 1} faults:\n${list}`);
  }
}

/** Why a file cannot be read as text, as the end of a sentence. */
export function whyUnreadable(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.NotCapable) return "start with --allow-read";
  if (error instanceof TypeError) return "it is not UTF-8 text";
  return errorText(error);
}
