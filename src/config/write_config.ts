import {
  completeServer,
  defaultOf,
  type Server,
  SERVER_FIELD_NAMES,
  type ServerFieldName,
} from "../model/server.ts";
import type { Config } from "./config.ts";
import { nestedSnakeKeys, snakeCase } from "./names.ts";
import { settingsSchema } from "./schema.ts";

/** Fields of a server that are written even if they have their default. */
const ALWAYS_WRITTEN: readonly ServerFieldName[] = ["name", "weight", "healthCheckPeriod"];

/** Text that both YAML 1.1 and 1.2 read as text without quotes. */
const PLAIN = /^[A-Za-z/][A-Za-z0-9_./-]*(?::[A-Za-z0-9_./-]+)*$/;
/** Exceptions: YAML 1.1 reads these as booleans or null. */
const WORDS = /^(?:y|n|yes|no|true|false|on|off|null)$/i;
/** Characters to escape in a text file: line breaks, invisible characters and non-characters. */
const UNSAFE = /[\u007f-\u00a0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\uffff]/g;

/**
 * Writes a configuration as YAML that `parseConfig` reads as the same configuration, without the
 * settings that are absent.
 *
 * @returns The YAML text.
 */
export function writeConfig(config: Config): string {
  const { servers, ...settings } = config;
  const named = nestedSnakeKeys(settingsSchema, settings) as Record<string, unknown>;
  const lines: string[] = [];
  for (const name of Object.keys(settingsSchema.shape)) {
    if (name !== "servers") lines.push(...settingLines(name, named[name]));
  }
  return [...lines, ...serverLines(servers)].join("\n") + "\n";
}

function settingLines(name: string, value: unknown): string[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) {
    return value.length === 0
      ? [`${name}: []`]
      : [`${name}:`, ...value.map((item) => `  - ${scalar(item)}`)];
  }
  if (typeof value !== "object" || value === null) return [`${name}: ${scalar(value)}`];
  const entries = Object.entries(value);
  if (entries.length === 0) return [];
  return [`${name}:`, ...entries.flatMap(([key, item]) => indent(settingLines(key, item)))];
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function serverLines(servers: Config["servers"]): string[] {
  if (servers.length === 0) return ["servers: []"];
  const items = servers.map(completeServer).map((server) => {
    const written = SERVER_FIELD_NAMES.filter((name) => isWritten(server, name));
    return [
      `  - url: ${scalar(server.url)}`,
      ...written.map((name) => `    ${snakeCase(name)}: ${scalar(server[name])}`),
    ];
  });
  return ["servers:", ...items.flat()];
}

function isWritten(server: Server, name: ServerFieldName): boolean {
  return ALWAYS_WRITTEN.includes(name) || server[name] !== defaultOf(name, server.url);
}

/** Formats a scalar so that every YAML parser reads the same value. */
function scalar(value: unknown): string {
  if (typeof value !== "string") return String(value);
  if (PLAIN.test(value) && !WORDS.test(value)) return value;
  // JSON is YAML, but leaves some characters that a text file may lose.
  return JSON.stringify(value).replace(UNSAFE, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
