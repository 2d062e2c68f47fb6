import { freePorts } from "./ports.ts";
import type { Processes, RunningProcess } from "./processes.ts";
import { nginxUser, waitUntilReady } from "./start.ts";

/** How many upstreams there are. */
const UPSTREAMS = 3;

/** The servers that the proxies stand in front of. */
export interface Backend {
  /** Their ports at 127.0.0.1. */
  readonly ports: readonly number[];
  /** The process behind all of them. */
  readonly process: RunningProcess;
}

/** Options of the upstreams. */
export interface BackendOptions {
  /** A directory for its files, which is there. */
  readonly directory: string;
  /** How many worker processes. */
  readonly workers: number;
  /** The core to pin it to. */
  readonly core: number | undefined;
}

/**
 * Starts one nginx that listens on three ports.
 *
 * @param processes Stops it at the end.
 * @param options Options.
 */
export async function startBackend(
  processes: Processes,
  { directory, workers, core }: BackendOptions,
): Promise<Backend> {
  const ports = freePorts(UPSTREAMS);
  await Deno.mkdir(`${directory}/www`, { recursive: true });
  await Deno.writeFile(`${directory}/www/100k`, new Uint8Array(100 * 1024).fill(0x61));
  await Deno.writeFile(`${directory}/www/10m`, new Uint8Array(10 * 1024 ** 2).fill(0x61));
  const configFile = `${directory}/backend.conf`;
  await Deno.writeTextFile(configFile, backendConfig(directory, { workers, ports }));
  const process = processes.start({
    argv: ["nginx", "-e", "stderr", "-p", directory, "-c", configFile],
    core,
  });
  await waitUntilReady(process, ports[0]!);
  return { ports, process };
}

/**
 * The small bodies come from memory, the large ones with sendfile, so that nginx takes little from
 * the core that it shares with wrk.
 *
 * `POST /post` is to answer after it has read the whole body, as an application would. `return`
 * answers before; `proxy_pass` would double the work. What does read it is the mirror module: it
 * waits for the body, since the mirrored request (here to a location that does nothing) would have
 * it. Then the handler of empty_gif, which is there for GET only, refuses POST, and its 405 is turned
 * into the answer.
 */
function backendConfig(
  directory: string,
  { workers, ports }: { workers: number; ports: readonly number[] },
): string {
  return `${nginxUser()}
worker_processes ${workers};
worker_rlimit_nofile 16384;
daemon off;
pid ${directory}/backend.pid;
events { worker_connections 8000; }
http {
  access_log off;
  client_body_temp_path ${directory}/backend_client_body;
  proxy_temp_path ${directory}/backend_proxy;
  fastcgi_temp_path ${directory}/backend_fastcgi;
  uwsgi_temp_path ${directory}/backend_uwsgi;
  scgi_temp_path ${directory}/backend_scgi;
  default_type text/plain;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=10;
  # A peer that is paused must find its idle connections open when it runs again.
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
  client_body_buffer_size 16k;
  client_body_in_single_buffer on;
  server {
${ports.map((port) => `    listen 127.0.0.1:${port} backlog=4096 reuseport;`).join("\n")}
    location = / { return 200 "twenty bytes of body"; }
    location = /1k { return 200 "${"a".repeat(1024)}"; }
    location / { root ${directory}/www; }
    location = /post {
      mirror /read_body;
      mirror_request_body on;
      empty_gif;
      error_page 405 =200 @body_was_read;
    }
    location = /read_body { internal; return 204; }
    location @body_was_read { return 200 "twenty bytes of body"; }
  }
}
`;
}
