import type { Peer } from "../peers/peer.ts";
import type { Backend } from "./backend.ts";
import type { Mode } from "./modes.ts";
import { freePorts } from "./ports.ts";
import type { Processes, RunningProcess } from "./processes.ts";
import { waitUntilReady } from "./start.ts";

/** The report's name for the upstreams without a proxy in front. */
export const DIRECT = "direct";

/** A peer that is running and can be measured. */
export interface Contestant {
  /** The peer's name. */
  readonly name: string;
  /** The peer's name in the report. */
  readonly title: string;
  /** Where it listens, at 127.0.0.1. */
  readonly port: number;
  /** Its process; undefined for {@linkcode DIRECT}. */
  readonly process: RunningProcess | undefined;
}

/** A peer that cannot be measured. */
export interface Absentee {
  /** The peer's name in the report. */
  readonly title: string;
  /** Why not. */
  readonly reason: string;
}

/** Options of the contestants. */
export interface LineUpOptions {
  /** The peers that take part. */
  readonly peers: readonly Peer[];
  /** The servers that they balance over. */
  readonly backend: Backend;
  /** A directory for their files, which is there. */
  readonly directory: string;
  /** Why npm packages could not be installed, if so. */
  readonly installError: string | undefined;
}

/** The contestants, and the peers that are skipped. */
export interface LineUp {
  readonly contestants: readonly Contestant[];
  readonly absentees: readonly Absentee[];
}

/**
 * Starts every peer of a mode and waits until it answers. One that does not start is left out.
 *
 * @param processes Stops them at the end.
 * @param mode Where they run.
 * @param options Options.
 */
export async function startContestants(
  processes: Processes,
  mode: Mode,
  { peers, backend, directory, installError }: LineUpOptions,
): Promise<LineUp> {
  const contestants: Contestant[] = [];
  const absentees: Absentee[] = [];
  for (const peer of peers.filter(({ modes }) => modes.includes(mode.name))) {
    const { name, title } = peer;
    if (await peer.version() === undefined) {
      const why = peer.packages === undefined ? undefined : installError;
      absentees.push({ title, reason: why === undefined ? "not installed" : `npm: ${why}` });
      continue;
    }
    const port = freePorts(1)[0]!;
    const own = `${directory}/${name}`;
    await Deno.mkdir(own);
    const command = await peer.prepare({
      port,
      upstreams: backend.ports,
      directory: own,
      threads: mode.proxyThreads,
    });
    const process = processes.start({ ...command, core: mode.proxyCore });
    try {
      await waitUntilReady(process, port);
      contestants.push({ name, title, port, process });
      process.pause();
    } catch (error) {
      await processes.stop(process);
      absentees.push({ title, reason: `does not start: ${(error as Error).message}` });
    }
  }
  contestants.push({
    name: DIRECT,
    title: "no proxy",
    port: backend.ports[0]!,
    process: undefined,
  });
  return { contestants, absentees };
}
