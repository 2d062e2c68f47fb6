import type { CommandLine } from "../harness/processes.ts";
import { nginxUser } from "../harness/start.ts";
import type { Peer, PeerContext } from "./peer.ts";
import { versionOf } from "./version.ts";

/** nginx as a proxy. */
export const nginx: Peer = {
  name: "nginx",
  title: "nginx least_conn",
  modes: ["one-core"],
  version: () => versionOf(["nginx", "-v"], /nginx\/(\S+)/),
  async prepare({ port, upstreams, directory, threads }: PeerContext): Promise<CommandLine> {
    const config = `${directory}/nginx.conf`;
    const servers = upstreams.map((upstream) => `    server 127.0.0.1:${upstream};\n`);
    await Deno.writeTextFile(
      config,
      `${nginxUser()}
worker_processes ${threads};
worker_rlimit_nofile 16384;
daemon off;
pid ${directory}/nginx.pid;
events { worker_connections 8000; }
http {
  access_log off;
  client_body_temp_path ${directory}/client_body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  keepalive_requests 1000000000;
  upstream servers {
    least_conn;
${servers.join("")}    keepalive 1024;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://servers;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      # No other peer writes what a slow client has not taken yet to a file.
      proxy_max_temp_file_size 0;
    }
  }
}
`,
    );
    return { argv: ["nginx", "-e", "stderr", "-p", directory, "-c", config] };
  },
};
