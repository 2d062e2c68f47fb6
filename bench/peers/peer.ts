import type { ModeName } from "../harness/modes.ts";
import type { CommandLine } from "../harness/processes.ts";

/** Options of a peer. */
export interface PeerContext {
  /** Where it must listen, at 127.0.0.1. */
  readonly port: number;
  /** The ports of the servers that it balances over, at 127.0.0.1. */
  readonly upstreams: readonly number[];
  /** A directory for its files, which is there and its own. */
  readonly directory: string;
  /** How many threads it may have, where it can have several. */
  readonly threads: number;
}

/** A proxy that is measured. */
export interface Peer {
  /** Its name on the command line. */
  readonly name: string;
  /** Its name in the report. */
  readonly title: string;
  /** In which modes it takes part. */
  readonly modes: readonly ModeName[];
  /** The npm packages that it needs, with versions. */
  readonly packages?: readonly string[];
  /**
   * The version, or a text that names it.
   *
   * @returns Undefined when it is not installed.
   */
  version(): Promise<string | undefined>;
  /** Writes its configuration, if it has one, and says how to start it. */
  prepare(context: PeerContext): Promise<CommandLine>;
}
