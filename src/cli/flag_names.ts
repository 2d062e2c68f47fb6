import { type Separated, snakeCase } from "../config/names.ts";
import { type Server, SERVER_FIELD_NAMES, type ServerFieldName } from "../model/server.ts";

/** Fields of a server that take a value. */
type FlaggedField = {
  [Name in ServerFieldName]: Server[Name] extends boolean ? never : Name;
}[ServerFieldName];

/** The name of the flag for a field of a server, without the dashes. */
export type ServerFlagName = Separated<FlaggedField, "-">;

/** `healthCheckPeriod` → `health-check-period`. */
export function serverFlagName(field: ServerFieldName): ServerFlagName {
  return snakeCase(field).replaceAll("_", "-") as ServerFlagName;
}

// The types of parseArgs follow from the names, which therefore have to be known when it is checked.

/** The flags with a value that there are, of all commands. */
export const VALUE_NAMES = [
  ...SERVER_FIELD_NAMES.map(serverFlagName),
  ...["access-log", "api-host", "api-port", "api-token-file", "balancers", "concurrency"] as const,
  ...["config", "decisions", "drain", "duration", "etcd", "etcd-ca-file"] as const,
  ...[
    "etcd-cert-file",
    "etcd-distrust",
    "etcd-key-file",
    "etcd-name",
    "etcd-password-file",
  ] as const,
  ...["etcd-prefix", "etcd-user", "grace-period", "host", "last"] as const,
  ...["limit", "load", "log", "log-format", "path", "policy"] as const,
  ...["port", "rate", "requests", "seed", "server", "servers", "service", "start"] as const,
  ...["tls-cert", "tls-key", "url", "workers", "workload"] as const,
] as const;

/** The name of a flag with a value, without the dashes. */
export type ValueName = typeof VALUE_NAMES[number];

/** The flags without a value that there are, of all commands. */
export const SWITCH_NAMES = [
  ...["api-without-token", "debug", "etcd-optional", "follow", "help", "json", "keep"] as const,
  ...["no-follow", "once", "shared-health", "watch"] as const,
] as const;

/** The name of a flag without a value, without the dashes. */
export type SwitchName = typeof SWITCH_NAMES[number];
