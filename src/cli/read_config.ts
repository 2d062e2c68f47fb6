import { BalancerError, type Config, parseConfig } from "../../mod.ts";
import { CommandError } from "./errors.ts";

/**
 * Reads a configuration file.
 *
 * @param path Where it is.
 * @throws {CommandError} If it cannot be read or used, with every fault on a line of its own.
 */
export async function readConfig(path: string): Promise<Config> {
  return parseConfigFile(await readConfigText(path), path);
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
 * @throws {CommandError} If it cannot be used, with every fault on a line of its own.
 */
export function parseConfigFile(text: string, path: string): Config {
  try {
    return parseConfig(text, path);
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
  return error instanceof Error ? error.message : String(error);
}
