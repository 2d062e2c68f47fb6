import { PACKAGES, packageVersion } from "../harness/packages.ts";
import type { CommandLine } from "../harness/processes.ts";
import type { Peer, PeerContext } from "./peer.ts";
import { programArguments, programPath } from "./program.ts";
import { versionOf } from "./version.ts";

/** Fastify with its proxy plugin, which stands on undici. */
export const fastifyReplyFrom: Peer = {
  name: "fastify",
  title: "fastify + reply-from",
  modes: ["one-core"],
  packages: ["fastify@5.12.8", "@fastify/reply-from@12.6.5"],
  async version(): Promise<string | undefined> {
    const node = await versionOf(["node", "--version"], /v(\S+)/);
    const fastify = await packageVersion("fastify");
    const plugin = await packageVersion("@fastify/reply-from");
    if (node === undefined || fastify === undefined || plugin === undefined) return undefined;
    return `${fastify}, reply-from ${plugin}, Node ${node}`;
  },
  prepare(context: PeerContext): Promise<CommandLine> {
    return Promise.resolve({
      argv: ["node", programPath("fastify_reply_from.mjs"), ...programArguments(context)],
      env: { BENCH_PACKAGES: PACKAGES },
    });
  },
};
