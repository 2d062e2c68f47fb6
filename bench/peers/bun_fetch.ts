import { PACKAGES } from "../harness/packages.ts";
import type { CommandLine } from "../harness/processes.ts";
import type { Peer, PeerContext } from "./peer.ts";
import { programArguments, programPath } from "./program.ts";
import { versionOf } from "./version.ts";

const BUN = `${PACKAGES}/node_modules/.bin/bun`;

/** Bun's server and its fetch. */
export const bunFetch: Peer = {
  name: "bun",
  title: "Bun.serve + fetch",
  modes: ["one-core"],
  packages: ["bun@1.4.5"],
  version: () => versionOf([BUN, "--version"], /^([0-9]\S*)/),
  prepare(context: PeerContext): Promise<CommandLine> {
    return Promise.resolve({
      argv: [BUN, programPath("bun_fetch.mjs"), ...programArguments(context)],
      // Bun's fetch has 256 connections at most unless told otherwise, which is too few for the
      // scenario of 1,000 clients.
      env: { BUN_CONFIG_MAX_HTTP_REQUESTS: "4096" },
    });
  },
};
