import { PACKAGES, packageVersion } from "../harness/packages.ts";
import type { CommandLine } from "../harness/processes.ts";
import type { Peer, PeerContext } from "./peer.ts";
import { programArguments, programPath } from "./program.ts";
import { versionOf } from "./version.ts";

/** The proxy library most used with Node. */
export const nodeHttpProxy: Peer = {
  name: "http-proxy",
  title: "node http-proxy",
  modes: ["one-core"],
  packages: ["http-proxy@1.18.1"],
  async version(): Promise<string | undefined> {
    const node = await versionOf(["node", "--version"], /v(\S+)/);
    const library = await packageVersion("http-proxy");
    return node === undefined || library === undefined ? undefined : `${library}, Node ${node}`;
  },
  prepare(context: PeerContext): Promise<CommandLine> {
    return Promise.resolve({
      argv: [
        "node",
        "--no-deprecation",
        programPath("node_http_proxy.mjs"),
        ...programArguments(context),
      ],
      env: { BENCH_PACKAGES: PACKAGES },
    });
  },
};
