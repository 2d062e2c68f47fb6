import { type Config, parseConfig } from "../../config/config.ts";
import { parseYaml } from "../../config/yaml.ts";
import { BalancerError, type Fault } from "../../model/errors.ts";
import { ADMIN_FLAGS, adminClient } from "../admin/client.ts";
import { type Command, JSON_SWITCH } from "../command_line.ts";
import { CommandError, UsageError } from "../errors.ts";
import { configErrors, faultText } from "../files/config_file.ts";
import { readEtcdFiles } from "../files/etcd_files.ts";
import { readSticky, readToken } from "../files/secret_files.ts";
import { readTextFile } from "../files/text_file.ts";
import { readTlsFiles, readUpstreamTls } from "../files/tls_files.ts";
import { count, printable, printJson, printLine } from "../output/print.ts";

/** The settings that {@linkcode checkNamedFiles} reads. */
const FILE_SETTINGS = [
  ...["tls", "api_token_file", "sticky", "sticky_secret_file", "upstream_tls", "etcd"],
];

/** `check-config`: reports every error in a configuration file and in the files that it names. */
export const checkConfig = {
  name: "check-config",
  summary: "Check a configuration file and report every error in it",
  example: "ballast check-config servers.yaml",
  values: {},
  switches: JSON_SWITCH,
  argument: "FILE",
  async run(args): Promise<void> {
    const path = args.argument;
    if (path === undefined) throw new UsageError("missing FILE, the configuration to check");
    const { servers, faults, fileFaults } = await checkFile(path);
    const isJson = args.has("json");
    const all = [...faults, ...fileFaults];
    if (all.length > 0) {
      const errors = all.map(({ path: field, message }) => ({ field, detail: message }));
      if (isJson) printJson({ valid: false, errors });
      const texts = [...faults.map(faultText), ...fileFaults.map(({ message }) => message)];
      const isOneFile = faults.length === 0 && texts.length === 1;
      throw new CommandError(isOneFile ? texts[0]! : configErrors(path, texts), isJson);
    }
    if (isJson) printJson({ valid: true, servers });
    else printLine(`${path} is valid: ${count(servers, "server")}`);
  },
} satisfies Command;

/** `export-config`: prints the running configuration as a configuration file. */
export const exportConfig = {
  name: "export-config",
  summary: "Print the running configuration as a file for listen --config",
  example: "ballast export-config > servers.yaml",
  values: ADMIN_FLAGS,
  switches: {},
  async run(args): Promise<void> {
    const text = await adminClient(args).readText("/config", "application/yaml");
    printLine(text.trimEnd().split("\n").map(printable).join("\n"));
  },
} satisfies Command;

/** The outcome of a check. */
interface Findings {
  /** The number of servers. */
  readonly servers: number;
  /** Errors in the configuration. */
  readonly faults: readonly Fault[];
  /** Errors in files: the configuration itself, with an empty path, and those that it names. */
  readonly fileFaults: readonly Fault[];
}

async function checkFile(path: string): Promise<Findings> {
  let text: string;
  try {
    text = await readTextFile(path, "the configuration");
  } catch (error) {
    return { servers: 0, faults: [], fileFaults: [fileFault("", error)] };
  }
  try {
    const config = parseConfig(text, path, { requireServers: "without_etcd" });
    const fileFaults = await checkNamedFiles(config);
    return { servers: config.servers.length, faults: [], fileFaults };
  } catch (error) {
    if (!(error instanceof BalancerError)) throw error;
    const { faults } = error;
    return { servers: 0, faults, fileFaults: await checkNamedFiles(validPart(text, faults)) };
  }
}

/** The settings that name files, as far as they have no errors themselves. */
function validPart(text: string, faults: readonly Fault[]): Config {
  const faulty = faults.map(({ path }) => path.split(/[.[]/, 1)[0]!);
  const settings = faulty.includes("") ? null : parseYaml(text, "the configuration");
  if (typeof settings !== "object" || settings === null) return parseConfig("");
  const valid = Object.entries(settings)
    .filter(([name]) => FILE_SETTINGS.includes(name) && !faulty.includes(name));
  return parseConfig(JSON.stringify(Object.fromEntries(valid)));
}

async function checkNamedFiles(config: Config): Promise<Fault[]> {
  const { tls, apiTokenFile, upstreamTls, etcd } = config;
  const reads: Readonly<Record<string, unknown>> = {
    tls: tls && readTlsFiles(tls),
    api_token_file: apiTokenFile && readToken(apiTokenFile),
    sticky_secret_file: readSticky(config),
    upstream_tls: readUpstreamTls(upstreamTls),
    etcd: etcd && readEtcdFiles(etcd),
  };
  const names = Object.keys(reads);
  const results = await Promise.allSettled(Object.values(reads));
  return results.flatMap((result, index) =>
    result.status === "rejected" ? [fileFault(names[index]!, result.reason)] : []
  );
}

function fileFault(path: string, error: unknown): Fault {
  if (!(error instanceof CommandError)) throw error;
  return { path, message: error.message };
}
