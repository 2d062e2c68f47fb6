import type { CommandLine } from "../harness/processes.ts";
import { freePorts } from "../harness/ports.ts";
import type { Peer, PeerContext } from "./peer.ts";
import { versionOf } from "./version.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/** Ballast on one thread. */
export const ballast: Peer = {
  name: "ballast",
  title: "Ballast",
  modes: ["one-core", "all-cores"],
  version,
  prepare(context: PeerContext): Promise<CommandLine> {
    return prepare(context, []);
  },
};

/** Ballast on as many threads as it thinks fit. */
export const ballastWorkers: Peer = {
  name: "ballast-workers",
  title: "Ballast, --workers auto",
  modes: ["all-cores"],
  version,
  prepare(context: PeerContext): Promise<CommandLine> {
    return prepare(context, ["--workers", "auto"]);
  },
};

async function version(): Promise<string | undefined> {
  const commit = await versionOf(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], /^(\w+)/);
  const changes = await versionOf(["git", "-C", ROOT, "status", "--porcelain", "src"], /(\S)/);
  const source = commit === undefined
    ? "no git"
    : `commit ${commit}${changes === undefined ? "" : " with changes"}`;
  return `${source}, Deno ${Deno.version.deno}`;
}

async function prepare(
  { port, upstreams, directory }: PeerContext,
  flags: readonly string[],
): Promise<CommandLine> {
  const urls = upstreams.map((upstream) => `http://127.0.0.1:${upstream}`);
  return await startCommand({ port, urls, directory, flags });
}

/**
 * How to start Ballast.
 *
 * @param options The port at 127.0.0.1, the servers' URLs, a directory for its configuration, and
 * flags beside the usual ones.
 */
export async function startCommand(
  { port, urls, directory, flags = [] }: {
    port: number;
    urls: readonly string[];
    directory: string;
    flags?: readonly string[];
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
      `--config=${ROOT}deno.json`,
      "--allow-net",
      "--allow-read",
      `${ROOT}cli.ts`,
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
