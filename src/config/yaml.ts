import { parse } from "@std/yaml";
import { printable } from "../core/printable.ts";
import { invalid } from "./validate.ts";

/**
 * What a YAML text says.
 *
 * @param text The text.
 * @param source Where it comes from, for the message.
 * @returns The value; null where there is nothing but comments.
 * @throws {BalancerError} `invalid` if it is no YAML.
 */
export function parseYaml(text: string, source: string): unknown {
  try {
    return parse(text) ?? null;
  } catch (error) {
    // Behind the first line stands an excerpt of the text.
    const [message = ""] = (error instanceof Error ? error.message : String(error)).split(":\n");
    throw invalid(source, [{ path: "", message: `it is not valid YAML: ${printable(message)}` }]);
  }
}
