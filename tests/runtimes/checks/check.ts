import type { Runtime } from "../installation.ts";

/** Something that the library does on every runtime. */
export interface Check {
  /** The purpose. */
  readonly name: string;
  /** Whether it cannot be looked at here. Default: it can. */
  readonly ignore?: boolean;
  /** Fails where it does not. */
  readonly run: (runtime: Runtime) => Promise<void>;
}
