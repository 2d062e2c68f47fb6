import { join } from "node:path";
import type { CommandLine } from "../harness/processes.ts";
import { freePorts } from "../harness/ports.ts";
import type { Peer, PeerContext } from "./peer.ts";
import { versionOf } from "./version.ts";

/** This checkout. */
const ROOT = new URL("../..", import.meta.url).pathname;

/** Ballast on one thread. */
export const ballast: Peer = {
  name: "ballast",
  title: "Ballast",
  modes: ["one-core", "all-cores"],
  version: () => version(ROOT),
  prepare(context: PeerContext): Promise<CommandLine> {
    return prepare(context, []);
  },
};

/**
 * Ballast on one thread from another checkout, to compare a change with the commit before it in one
 * interleaved run.
 *
 * @param root The checkout, in which `deno task std` has been run.
 */
export function ballastBefore(root: string): Peer {
  return {
    name: "before",
    title: "Ballast before",
    modes: ["one-core", "all-cores"],
    version: () => version(root),
    prepare(context: PeerContext): Promise<CommandLine> {
      return prepare(context, [], root);
    },
  };
}

/** Ballast on as many threads as it thinks fit. */
export const ballastWorkers: Peer = {
  name: "ballast-workers",
  title: "Ballast, --workers auto",
  modes: ["all-cores"],
  version: () => version(ROOT),
  prepare(context: PeerContext): Promise<CommandLine> {
    return prepare(context, ["--workers", "auto"]);
  },
};

async function version(root: string): Promise<string | undefined> {
  const commit = await versionOf(["git", "-C", root, "rev-parse", "--short", "HEAD"], /^(\w+)/);
  const changes = await versionOf(["git", "-C", root, "status", "--porcelain", "src"], /(\S)/);
  const source = commit === undefined
    ? "no git"
    : `commit ${commit}${changes === undefined ? "" : " with changes"}`;
  return `${source}, Deno ${Deno.version.deno}`;
}

async function prepare(
  { port, upstreams, directory }: PeerContext,
  flags: readonly string[],
  root = ROOT,
): Promise<CommandLine> {
  const urls = upstreams.map((upstream) => `http://127.0.0.1:${upstream}`);
  return await startCommand({ port, urls, directory, flags, root });
}

/**
 * How to start Ballast.
 *
 * @param options The port at 127.0.0.1, the servers' URLs, a directory for its configuration,
 * flags beside the usual ones, and the checkout (default: this one).
 */
export async function startCommand(
  { port, urls, directory, flags = [], root = ROOT }: {
    port: number;
    urls: readonly string[];
    directory: string;
    flags?: readonly string[];
    root?: string;
  },
): Promise<CommandLine> {
  const config = `${directory}/servers.yaml`;
  await Deno.writeTextFile(config, urls.map((url) => `- url: ${url}\n`).join(""));
  return {
    argv: [
      Deno.execPath(),
      "run",
      "--quiet",
      "--no-prompt",
      `--config=${join(root, "deno.json")}`,
      "--allow-net",
      "--allow-read",
      join(root, "cli.ts"),
      "listen",
      "--config",
      config,
      "--host",
      "127.0.0.1",
      "--port",
      String(port),
      "--api-port",
      String(freePorts(1)[0]),
      ...flags,
    ],
  };
}
