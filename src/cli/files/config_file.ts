import { type Config, parseConfig } from "../../config/config.ts";
import { BalancerError, type Fault } from "../../model/errors.ts";
import type { Args } from "../command_line.ts";
import { CommandError } from "../errors.ts";
import { readTextFile } from "./text_file.ts";

type ParseConfigOptions = Parameters<typeof parseConfig>[2];

/** The configuration that `listen` starts with. */
export interface ListenConfig {
  /** The path of its file; undefined without one. */
  readonly path: string | undefined;
  /** The text of the file; empty without one. */
  readonly text: string;
  /** The parsed configuration. */
  readonly config: Config;
}

/**
 * Reads the configuration file of `listen`. Unless etcd keeps the servers, the file has to name them:
 * leaving them out is more likely a mistake than a wish to remove every server.
 *
 * @throws {CommandError} If it cannot be read or used, with every error on a line of its own.
 */
export async function readListenConfig(args: Args): Promise<ListenConfig> {
  const path = args.text("config");
  if (path === undefined) return { path, text: "", config: parseConfig("") };
  const text = await readTextFile(path, "the configuration");
  const requireServers = args.has("etcd") ? false : "without_etcd";
  return { path, text, config: parseConfigFile(text, path, { requireServers }) };
}

/**
 * Reads a configuration file.
 *
 * @throws {CommandError} If it cannot be read or used, with every error on a line of its own.
 */
export async function readConfig(path: string): Promise<Config> {
  return parseConfigFile(await readTextFile(path, "the configuration"), path);
}

/**
 * Parses the text of a configuration file.
 *
 * @param options Whether the servers have to be named.
 * @throws {CommandError} If it cannot be used, with every error on a line of its own.
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
    throw new CommandError(configErrors(path, error.faults.map(faultText)));
  }
}

/** An error of a configuration as text, with the path of the setting. */
export function faultText({ path, message }: Fault): string {
  return path === "" ? message : `${path} ${message}`;
}

/** The message about a file that has errors: one line, or one for each of several errors. */
export function configErrors(path: string, errors: readonly string[]): string {
  if (errors.length === 1) return `Cannot use ${path}: ${errors[0]}`;
  return [`Cannot use ${path}: ${errors.length} errors`, ...errors].join("\n  ");
}

/** A message with a line for each error, as one line. */
export function asOneLine(message: string): string {
  return message.replace(/\n */, ": ").replace(/\n */g, "; ");
}
