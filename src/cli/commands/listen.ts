import { getLogger } from "@logtape/logtape";
import { LoadBalancer } from "../../balancer/load_balancer.ts";
import { DEFAULT_CONFIG as DEFAULTS } from "../../config/config.ts";
import { pickSettings } from "../../config/settings_schema.ts";
import { BalancerError } from "../../model/errors.ts";
import { oldDenoWarning } from "../../runtime/runtime_version.ts";
import { onHangup, type Reload, waitForStop } from "../../runtime/signals.ts";
import type { Args, Command } from "../command_line.ts";
import { CommandError, UsageError } from "../errors.ts";
import { asOneLine, type ListenConfig, readListenConfig } from "../files/config_file.ts";
import { hasEtcdFiles } from "../files/etcd_files.ts";
import { readSticky } from "../files/secret_files.ts";
import { readTlsFiles, readUpstreamTls, TLS_FLAGS } from "../files/tls_files.ts";
import { ACCESS_FLAGS, ACCESS_SWITCHES, makeAdmin } from "../listen/admin_access.ts";
import { ConfigReload } from "../listen/config_reload.ts";
import { ETCD_FLAGS, ETCD_SWITCHES } from "../listen/etcd_flags.ts";
import { listenSettings } from "../listen/listen_settings.ts";
import { LOG_FLAGS, type Logs, readLogFlags, startLogs } from "../listen/logs.ts";
import { hostBeforePort, serveUntilStopped } from "../listen/serve.ts";
import { shareServers } from "../listen/share_servers.ts";
import { countWorkers, WORKERS_FLAG } from "../listen/workers_flag.ts";

const logger = getLogger(["ballast", "listen"]);

/** `listen`: runs the balancer until it is asked to stop. */
export const listen = {
  name: "listen",
  summary: "Run the balancer",
  example: "ballast listen --config servers.yaml --port 8080",
  values: {
    "config": { value: "FILE", help: "YAML file with servers and settings" },
    "port": { value: "PORT", help: `accept requests on this port (default ${DEFAULTS.port})` },
    "host": {
      value: "HOST",
      help: `accept requests on this address (default ${DEFAULTS.host}, all)`,
    },
    "api-port": {
      value: "PORT",
      help: `serve the admin API on this port (default ${DEFAULTS.apiPort})`,
    },
    "api-host": {
      value: "HOST",
      help:
        `serve the admin API on this address (default ${DEFAULTS.apiHost}); any other needs a token`,
    },
    ...ACCESS_FLAGS,
    ...TLS_FLAGS,
    ...WORKERS_FLAG,
    ...LOG_FLAGS,
    ...ETCD_FLAGS,
    "grace-period": {
      value: "SECONDS",
      help: `time for active requests to finish at shutdown (default ${DEFAULTS.gracePeriod})`,
    },
    "decisions": {
      value: "N",
      help: `keep the latest N routing decisions for explain (default ${DEFAULTS.decisions}, none)`,
    },
  },
  switches: {
    watch: { help: "reload the --config file whenever it changes, not only on SIGHUP" },
    debug: { help: "log every routing decision and health check" },
    ...ACCESS_SWITCHES,
    ...ETCD_SWITCHES,
  },
  async run(args): Promise<void> {
    let isJson = args.text("log-format") === "json";
    let logs: Logs | undefined;
    try {
      const file = await readListenConfig(args);
      const settings = readLogFlags(args, file.config);
      isJson = settings.isJsonRequested;
      logs = await startLogs(settings, args.has("debug"));
      await run(args, file, logs);
    } catch (error) {
      if (!isJson) throw error;
      logs ??= await startLogs({ accessLog: undefined, logFormat: "json" }, false);
      throw logged(error);
    } finally {
      await logs?.drain();
    }
  },
} satisfies Command;

/** Logs an expected failure. Returns the error to throw. */
function logged(error: unknown): unknown {
  const isUsage = error instanceof UsageError;
  if (!isUsage && !(error instanceof CommandError || error instanceof BalancerError)) return error;
  logger.error("{why}", { why: asOneLine(error.message) });
  return isUsage ? new UsageError(error.message, true) : new CommandError(error.message, true);
}

async function run(
  args: Args,
  { path, text, config }: ListenConfig,
  { accessLog, say }: Logs,
): Promise<void> {
  const settings = listenSettings(args, config);
  if (path === undefined && args.has("watch")) {
    throw new UsageError("--watch needs --config, the file to watch");
  }
  const sticky = await readSticky(config);
  const certificate = settings.tls && await readTlsFiles(settings.tls);
  const upstreamTls = await readUpstreamTls(config.upstreamTls);
  const warning = oldDenoWarning(Deno.version.deno);
  if (warning !== undefined) logger.warn("{warning}", { warning });
  const { etcd, policy } = settings;
  await using balancer = new LoadBalancer({
    ...pickSettings(settings),
    // With etcd, the servers of the file must get no requests before those in etcd are known.
    servers: etcd === undefined || etcd.optional ? settings.servers : [],
    workers: countWorkers(settings.workers, say),
    ...(policy === undefined ? {} : { policy }),
    ...(accessLog === undefined ? {} : { accessLog }),
    ...(sticky === undefined ? {} : { sticky }),
    upstreamTls,
  });
  const stop = waitForStop();
  const reloads: Reload[] = [];
  using _ = onHangup(reloads);
  const seed = config.servers;
  const api = `http://${hostBeforePort(settings.apiHost)}:${settings.apiPort}`;
  await using shared = etcd &&
    await shareServers(balancer, { settings: etcd, seed, admin: api, stop, say, reloads });
  if (etcd !== undefined && shared === undefined) return;
  const admin = await makeAdmin(balancer, args, { settings, cluster: shared });
  const reload = path === undefined ? undefined : new ConfigReload({ path, text, config }, {
    balancer,
    say,
    serversElsewhere: shared !== undefined,
  });
  const hasOtherFiles = settings.tls !== undefined || etcd !== undefined && hasEtcdFiles(etcd);
  const watch = new AbortController();
  const watching = args.has("watch") ? reload?.watch(watch.signal) : undefined;
  reloads.push(async () => {
    if (reload !== undefined) await reload.reload();
    else if (!hasOtherFiles) say("SIGHUP: no configuration file to reload");
  });
  await serveUntilStopped(balancer, settings, { admin, certificate, reloads, say, shared, stop });
  watch.abort();
  await watching;
}
