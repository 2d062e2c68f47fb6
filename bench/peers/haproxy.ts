import type { CommandLine } from "../harness/processes.ts";
import type { Peer, PeerContext } from "./peer.ts";
import { versionOf } from "./version.ts";

/** HAProxy: the peer that all others are compared with. */
export const haproxy: Peer = {
  name: "haproxy",
  title: "HAProxy leastconn",
  modes: ["one-core", "all-cores"],
  version: () => versionOf(["haproxy", "-v"], /version (\S+)/),
  async prepare({ port, upstreams, directory, threads }: PeerContext): Promise<CommandLine> {
    const config = `${directory}/haproxy.cfg`;
    const servers = upstreams.map((upstream) =>
      `  server s${upstream} 127.0.0.1:${upstream} check inter 10s\n`
    );
    await Deno.writeTextFile(
      config,
      `global
  nbthread ${threads}
  maxconn 4000
defaults
  mode http
  timeout connect 5s
  timeout client 1m
  timeout server 1m
  option forwardfor
  # By default the first request of a client does not share a connection, which the other peers do.
  http-reuse always
frontend clients
  bind 127.0.0.1:${port} backlog 4096
  default_backend servers
backend servers
  balance leastconn
  option httpchk GET /
${servers.join("")}`,
    );
    return { argv: ["haproxy", "-db", "-q", "-f", config] };
  },
};
