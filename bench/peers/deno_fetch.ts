import type { CommandLine } from "../harness/processes.ts";
import type { Peer, PeerContext } from "./peer.ts";
import { programArguments, programPath } from "./program.ts";

/** Deno's server and its fetch: what Ballast would be without a client of its own. */
export const denoFetch: Peer = {
  name: "deno",
  title: "Deno.serve + fetch",
  modes: ["one-core"],
  version: () => Promise.resolve(Deno.version.deno),
  prepare(context: PeerContext): Promise<CommandLine> {
    return Promise.resolve({
      argv: [
        Deno.execPath(),
        "run",
        "--quiet",
        "--no-config",
        "--allow-net",
        programPath("deno_fetch.ts"),
        ...programArguments(context),
      ],
    });
  },
};
