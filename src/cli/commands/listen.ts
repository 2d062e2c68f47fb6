import { type Certificate, createAdmin, type Listener, LoadBalancer } from "../../../mod.ts";
import { logToStream } from "../../logging/console_logging.ts";
import type { Args } from "../args.ts";
import type { Command } from "../command.ts";
import { onHangup } from "../hangup_signal.ts";
import { printLine } from "../output.ts";
import { readConfig } from "../read_config.ts";
import { type Service, startService } from "../serve.ts";
import { waitForStop } from "../stop_signal.ts";
import {
  readTlsFiles,
  readTlsFlags,
  readUpstreamTls,
  reloadCertificate,
  TLS_FLAGS,
  type TlsFiles,
} from "../tls_files.ts";
import { countWorkers, readWorkersFlag, WORKERS_FLAG } from "../workers_flag.ts";

const GRACE_PERIOD_MAX = 86_400;

interface Settings {
  readonly host: string;
  readonly port: number;
  readonly apiHost: string;
  readonly apiPort: number;
  readonly gracePeriod: number;
  readonly workers: number | "auto";
  readonly tls: TlsFiles | undefined;
}

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
      help: "serve the admin API on this address (default 127.0.0.1); anyone who reaches it rules",
    },
    ...TLS_FLAGS,
    ...WORKERS_FLAG,
    "grace-period": {
      value: "SECONDS",
      help: "how long requests under way get to finish at shutdown (default 10)",
    },
  },
  switches: { debug: { help: "log every pick and every health check" } },
  async run(args): Promise<void> {
    const path = args.text("config");
    const config = path === undefined ? undefined : await readConfig(path);
    const settings = combine(args, config ?? {});
    const certificate = settings.tls && await readTlsFiles(settings.tls);
    const upstreamTls = await readUpstreamTls(config?.upstreamTls);
    await logToStream(Deno.stderr.writable, {
      debug: args.has("debug"),
      colors: Deno.stderr.isTerminal() && !Deno.noColor,
    });
    await using balancer = new LoadBalancer({
      servers: config?.servers ?? [],
      workers: countWorkers(settings.workers),
      upstreamTls,
      ...(config === undefined ? {} : { healthCheck: config.healthCheck }),
    });
    await run(balancer, settings, certificate);
  },
};

/** What the flags say, else the file, else the default. */
function combine(args: Args, config: Partial<Settings>): Settings {
  return {
    host: args.text("host") ?? config.host ?? "0.0.0.0",
    port: args.wholeNumber("port", 1, 65_535) ?? config.port ?? 80,
    apiHost: args.text("api-host") ?? config.apiHost ?? "127.0.0.1",
    apiPort: args.wholeNumber("api-port", 1, 65_535) ?? config.apiPort ?? 8000,
    gracePeriod: args.wholeNumber("grace-period", 0, GRACE_PERIOD_MAX) ?? config.gracePeriod ?? 10,
    workers: readWorkersFlag(args) ?? config.workers ?? 1,
    tls: readTlsFlags(args) ?? config.tls,
  };
}

async function run(
  balancer: LoadBalancer,
  settings: Settings,
  certificate: Certificate | undefined,
): Promise<void> {
  const { host, port, apiHost, apiPort, gracePeriod, tls } = settings;
  const admin = createAdmin(balancer);
  let listener: Listener | undefined;
  const proxy = await startService(
    { host, port, flag: "--port", secure: tls !== undefined },
    async (options) =>
      listener = await balancer.listen(certificate ? { ...options, tls: certificate } : options),
  );
  let api: Service;
  try {
    api = await startService(
      { host: apiHost, port: apiPort, flag: "--api-port" },
      (options) => Deno.serve({ ...options, onListen: () => {} }, admin.fetch),
    );
  } catch (error) {
    await proxy.close();
    throw error;
  }
  // Whoever reads these lines may ask it to stop at once.
  const stop = waitForStop();
  using _ = tls && onHangup(() => reloadCertificate(listener!, tls));
  const count = balancer.servers().length;
  const by = balancer.workers === 1 ? "" : ` with ${balancer.workers} workers`;
  printLine(`Balancing ${count} server${count === 1 ? "" : "s"} on ${proxy.url}${by}`);
  printLine(`Admin API on ${api.url}`);
  const signal = await stop;
  printLine(`${signal}: finishing what is under way, for ${gracePeriod} s at most`);
  // What is not over by then is broken off by the end of the process.
  const limit = AbortSignal.timeout(gracePeriod * 1000);
  await Promise.all([proxy.shutdown(limit), api.shutdown(limit)]);
  await balancer.close(limit);
}
