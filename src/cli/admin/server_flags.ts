import { type Separated, snakeCase, type SnakeKeys } from "../../config/names.ts";
import {
  canonicalServerUrl,
  defaultOf,
  type Server,
  SERVER_FIELDS,
  type ServerField,
  type ServerFieldName,
  type ServerInit,
} from "../../model/server.ts";
import type { Args, ValueFlag } from "../command_line.ts";
import { UsageError } from "../errors.ts";

/** A server as the command line gives it, for a request to the admin API. */
export type GivenServer = SnakeKeys<ServerInit>;

/** Fields of a server that have a flag, as a type. */
type FlaggedField = {
  [Name in ServerFieldName]: Server[Name] extends boolean ? never : Name;
}[ServerFieldName];

/** The name of the flag of a field, without the dashes. */
type ServerFlagName = Separated<FlaggedField, "-">;

/** Fields that update-server sets to their defaults if their flags are missing, without --keep. */
const RESET: readonly ServerFieldName[] = ["weight", "healthCheckPeriod"];

/** The fields that have a flag. */
const FLAGGED = Object.entries<ServerField>(SERVER_FIELDS)
  .filter(([, { flag }]) => flag !== undefined) as [ServerFieldName, ServerField][];

/** The flag that names a server. */
export const URL_FLAG: Readonly<Record<"url", ValueFlag>> = {
  url: { value: "URL", help: "the server's unique URL (required)" },
};

/** The flags that describe a new server. */
export const ADD_FLAGS: Readonly<Partial<Record<"url" | ServerFlagName, ValueFlag>>> = {
  ...URL_FLAG,
  ...fieldFlags(FLAGGED, defaultHelp),
};

/** The flags that change a server. */
export const UPDATE_FLAGS: Readonly<Partial<Record<"url" | ServerFlagName, ValueFlag>>> = {
  ...URL_FLAG,
  ...fieldFlags(
    FLAGGED.filter(([, { fixed }]) => !fixed),
    (name) => RESET.includes(name) ? defaultHelp(name) : "default: unchanged",
  ),
};

function fieldFlags(
  fields: typeof FLAGGED,
  defaultText: (name: ServerFieldName) => string,
): Partial<Record<ServerFlagName, ValueFlag>> {
  const flags = fields.map(([name, field]) => {
    const help = `${field.doc.charAt(0).toLowerCase()}${field.doc.slice(1)} (${defaultText(name)})`;
    const choices = field.kind === "choice" ? { choices: field.choices } : {};
    return [serverFlagName(name), { value: field.flag!, help, ...choices }];
  });
  return Object.fromEntries(flags);
}

function defaultHelp(name: ServerFieldName): string {
  const { default: value, defaultText } = SERVER_FIELDS[name];
  return defaultText === undefined ? `default ${value}` : `default: ${defaultText}`;
}

/** `healthCheckPeriod` → `health-check-period`. */
function serverFlagName(field: ServerFieldName): ServerFlagName {
  return snakeCase(field).replaceAll("_", "-") as ServerFlagName;
}

/**
 * Reads the fields of a server from the command line.
 *
 * @throws {UsageError} If a flag is missing or invalid.
 */
export function readServerFlags(args: Args): GivenServer {
  const given = FLAGGED.map(([name, field]) => [snakeCase(name), readField(args, name, field)])
    .filter(([, value]) => value !== undefined);
  return { url: readUrlFlag(args), ...Object.fromEntries(given) };
}

function readField(args: Args, name: ServerFieldName, field: ServerField): unknown {
  const flag = serverFlagName(name);
  if (field.kind === "number") return args.wholeNumber(flag, field.min, field.max);
  return field.kind === "choice" ? args.oneOf(flag, field.choices) : args.text(flag);
}

/**
 * The change that update-server makes without --keep: the given fields, and the defaults of fields
 * that are reset.
 */
export function withResets(given: GivenServer): GivenServer {
  const resets = RESET.map((name) => [snakeCase(name), defaultOf(name, given.url)]);
  return { ...Object.fromEntries(resets), ...given };
}

/**
 * Reads the URL of a server, in canonical form, from the command line.
 *
 * @throws {UsageError} If it is missing or invalid.
 */
export function readUrlFlag(args: Args): string {
  const url = args.required("url");
  try {
    return canonicalServerUrl(url);
  } catch (error) {
    throw new UsageError(`--url ${(error as Error).message}: give one like http://127.0.0.1:3001`);
  }
}
