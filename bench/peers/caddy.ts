import type { CommandLine } from "../harness/processes.ts";
import type { Peer, PeerContext } from "./peer.ts";
import { versionOf } from "./version.ts";

/** Caddy. */
export const caddy: Peer = {
  name: "caddy",
  title: "Caddy least_conn",
  modes: ["one-core"],
  version: () => versionOf(["caddy", "version"], /v?([0-9]\S*)/),
  async prepare({ port, upstreams, directory, threads }: PeerContext): Promise<CommandLine> {
    const config = `${directory}/Caddyfile`;
    const servers = upstreams.map((upstream) => `127.0.0.1:${upstream}`);
    await Deno.writeTextFile(
      config,
      `{
  admin off
  auto_https off
  log {
    output discard
  }
}
http://:${port} {
  bind 127.0.0.1
  reverse_proxy ${servers.join(" ")} {
    lb_policy least_conn
    health_uri /
    health_interval 10s
    transport http {
      keepalive_idle_conns_per_host 1024
    }
  }
}
`,
    );
    return {
      argv: ["caddy", "run", "--config", config, "--adapter", "caddyfile"],
      // Caddy keeps its last configuration in these.
      env: {
        GOMAXPROCS: String(threads),
        XDG_CONFIG_HOME: directory,
        XDG_DATA_HOME: directory,
      },
    };
  },
};
