import { getLogger } from "@logtape/logtape";
import type { Admin } from "../../admin/handler.ts";
import { LoadBalancer } from "../../balancer/load_balancer.ts";
import type { JoinedCluster } from "../../cluster/mod.ts";
import { pickSettings } from "../../config/settings_schema.ts";
import type { Certificate } from "../../fronts/web/certificate.ts";
import type { Listener } from "../../fronts/web/listener.ts";
import { serveWithRestart } from "../../fronts/web/serve_with_restart.ts";
import { oldDenoWarning } from "../../runtime/runtime_version.ts";
import type { Command } from "../command_line.ts";
import { UsageError } from "../errors.ts";
import { readListenConfig } from "../files/config_file.ts";
import { hasEtcdFiles } from "../files/etcd_files.ts";
import { readSticky } from "../files/sticky_secret.ts";
import { readTlsFiles, readUpstreamTls, reloadCertificate, TLS_FLAGS } from "../files/tls_files.ts";
import { ACCESS_FLAGS, ACCESS_SWITCHES, makeAdmin } from "../listen/admin_access.ts";
import { ConfigReload } from "../listen/config_reload.ts";
import { ETCD_FLAGS, ETCD_SWITCHES } from "../listen/etcd_flags.ts";
import { type ListenSettings, listenSettings } from "../listen/listen_settings.ts";
import { LOG_FLAGS, readLogFlags, type Say, startLogs } from "../listen/logs.ts";
import { hostBeforePort, type Service, startService } from "../listen/service.ts";
import { shareServers } from "../listen/share_servers.ts";
import { countWorkers, WORKERS_FLAG } from "../listen/workers_flag.ts";
import { onHangup, type Reload, waitForStop } from "../signals.ts";

const logger = getLogger(["ballast", "listen"]);

/** How long after the grace period the program may take to end in good order, in milliseconds. */
const LAST_MS = 1000;

/** `listen`: runs the balancer until it is told to stop. */
export const listen: Command = {
  name: "listen",
  summary: "Run the balancer",
  example: "ballast listen --config servers.yaml --port 8080",
  values: {
    "config": { value: "FILE", help: "YAML file with the servers and settings" },
    "port": { value: "PORT", help: "accept requests on this port (default 80)" },
    "host": { value: "HOST", help: "accept requests on this address (default 0.0.0.0, all)" },
    "api-port": { value: "PORT", help: "serve the admin API on this port (default 8000)" },
    "api-host": {
      value: "HOST",
      help: "serve the admin API on this address (default 127.0.0.1); others need a token",
    },
    ...ACCESS_FLAGS,
    ...TLS_FLAGS,
    ...WORKERS_FLAG,
    ...LOG_FLAGS,
    ...ETCD_FLAGS,
    "grace-period": {
      value: "SECONDS",
      help: "how long requests under way get to finish at shutdown (default 10)",
    },
    "decisions": {
      value: "N",
      help: "keep the latest N decisions for the command explain (default 0, none)",
    },
  },
  switches: {
    watch: { help: "follow the changes of the --config file; SIGHUP reads it again as well" },
    debug: { help: "log every pick and every health check" },
    ...ACCESS_SWITCHES,
    ...ETCD_SWITCHES,
  },
  async run(args): Promise<void> {
    const { path, text, config } = await readListenConfig(args);
    const settings = listenSettings(args, config);
    if (path === undefined && args.has("watch")) {
      throw new UsageError("--watch needs --config, the file to watch");
    }
    const sticky = await readSticky(config);
    const certificate = settings.tls && await readTlsFiles(settings.tls);
    const upstreamTls = await readUpstreamTls(config.upstreamTls);
    const { accessLog, say, drain } = await startLogs(
      readLogFlags(args, config),
      args.has("debug"),
    );
    const warning = oldDenoWarning(Deno.version.deno);
    if (warning !== undefined) logger.warn("{warning}", { warning });
    const { etcd, policy } = settings;
    await using balancer = new LoadBalancer({
      ...pickSettings(settings),
      // With etcd, its servers count, and no request may go to others before it is reached.
      servers: etcd === undefined || etcd.optional ? settings.servers : [],
      workers: countWorkers(settings.workers, say),
      ...(policy === undefined ? {} : { policy }),
      ...(accessLog === undefined ? {} : { accessLog }),
      ...(sticky === undefined ? {} : { sticky }),
      upstreamTls,
    });
    const stop = waitForStop();
    const reloads: Reload[] = [];
    // Where there is no file to read again, SIGHUP ends the program as it ends any other.
    const hasFiles = path !== undefined || settings.tls !== undefined ||
      (etcd !== undefined && hasEtcdFiles(etcd));
    using _ = hasFiles ? onHangup(reloads) : undefined;
    const seed = config.servers;
    const api = `http://${hostBeforePort(settings.apiHost)}:${settings.apiPort}`;
    await using shared = etcd &&
      await shareServers(balancer, { settings: etcd, seed, admin: api, stop, say, reloads });
    if (etcd === undefined || shared !== undefined) {
      const admin = await makeAdmin(balancer, args, { settings, cluster: shared });
      const follow = path === undefined ? undefined : new ConfigReload({ path, text, config }, {
        balancer,
        say,
        serversElsewhere: shared !== undefined,
      });
      const watch = new AbortController();
      const watching = args.has("watch") ? follow?.watch(watch.signal) : undefined;
      if (follow !== undefined) reloads.push(() => follow.reload());
      await run(balancer, settings, { admin, certificate, reloads, say, shared, stop });
      watch.abort();
      await watching;
    }
    await drain();
  },
};

/** What `listen` runs beside the balancer. */
interface Parts {
  readonly admin: Admin;
  /** What TLS is spoken with. */
  readonly certificate: Certificate | undefined;
  /** What SIGHUP does. */
  readonly reloads: Reload[];
  /** What tells people how it goes. */
  readonly say: Say;
  /** What shares the servers with other balancers. */
  readonly shared: JoinedCluster | undefined;
  /** Resolves when the program is to stop. */
  readonly stop: Promise<Deno.Signal>;
}

async function run(
  balancer: LoadBalancer,
  settings: ListenSettings,
  { admin, certificate, reloads, say, shared, stop }: Parts,
): Promise<void> {
  const { host, port, apiHost, apiPort, gracePeriod, tls } = settings;
  let listener: Listener | undefined;
  reloads.push(async () => {
    if (tls !== undefined && listener !== undefined) await reloadCertificate(listener, tls, say);
  });
  const proxy = await startService(
    { host, port, flag: "--port", secure: tls !== undefined },
    async (options) =>
      listener = await balancer.listen(certificate ? { ...options, tls: certificate } : options),
  );
  let api: Service;
  try {
    api = await startService(
      { host: apiHost, port: apiPort, flag: "--api-port" },
      (options) =>
        serveWithRestart(
          (port) => Deno.serve({ ...options, port, onListen: () => {} }, admin.fetch),
          apiPort,
          options.signal,
        ),
    );
  } catch (error) {
    await proxy.close();
    throw error;
  }
  const count = balancer.servers().length;
  const by = balancer.workers === 1 ? "" : ` with ${balancer.workers} workers`;
  say(`Balancing ${count} server${count === 1 ? "" : "s"} on ${proxy.url}${by}`);
  say(`Admin API on ${api.url}`);
  say(`Dashboard on ${api.url}/`);
  const signal = await stop;
  say(
    gracePeriod === 0
      ? `${signal}: breaking off what is under way`
      : `${signal}: finishing what is under way, for ${gracePeriod} s at most`,
  );
  // Streams of events have no end of their own, and would be waited for.
  admin.close();
  // What is not over by then is broken off by the end of the process.
  const limit = AbortSignal.timeout(gracePeriod * 1000);
  // Neither etcd nor those who read the logs can put that off for long.
  setTimeout(() => Deno.exit(), gracePeriod * 1000 + LAST_MS);
  const steering = api.shutdown(limit).then(() => shared?.[Symbol.asyncDispose]());
  await Promise.all([proxy.shutdown(limit), steering]);
  await balancer.close(limit);
}
