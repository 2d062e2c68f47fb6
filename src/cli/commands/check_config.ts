import type { Config } from "../../config/config.ts";
import { type Command, JSON_SWITCH } from "../command_line.ts";
import { UsageError } from "../errors.ts";
import { readConfig } from "../files/config_file.ts";
import { readEtcdFiles } from "../files/etcd_files.ts";
import { readSticky } from "../files/sticky_secret.ts";
import { readTlsFiles, readUpstreamTls } from "../files/tls_files.ts";
import { readToken } from "../files/token_file.ts";
import { printJson, printLine } from "../output/print.ts";

/**
 * `check-config`: says whether a configuration file can be used, and what is wrong with it. The
 * files that it names are read as well.
 */
export const checkConfig: Command = {
  name: "check-config",
  summary: "Say whether a configuration file can be used, and all that is wrong with it",
  example: "ballast check-config servers.yaml",
  values: {},
  switches: JSON_SWITCH,
  argument: "FILE",
  async run(args): Promise<void> {
    if (args.argument === undefined) throw new UsageError("the FILE to check is missing");
    const config = await readConfig(args.argument, { requireServers: "without_etcd" });
    await checkFiles(config);
    if (args.has("json")) return printJson({ valid: true, servers: config.servers.length });
    const count = config.servers.length === 1 ? "1 server" : `${config.servers.length} servers`;
    printLine(`${args.argument} is valid: ${count}`);
  },
};

async function checkFiles(config: Config): Promise<void> {
  const { tls, apiTokenFile, upstreamTls, etcd } = config;
  if (tls !== undefined) await readTlsFiles(tls);
  if (apiTokenFile !== undefined) await readToken(apiTokenFile);
  await readSticky(config);
  await readUpstreamTls(upstreamTls);
  if (etcd !== undefined) await readEtcdFiles(etcd);
}
