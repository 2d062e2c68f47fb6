/**
 * A worker that can be told to come to an end, each way that ends there are.
 *
 * @module
 */

import "../../src/workers/worker.ts";
import type { ToWorker } from "../../src/workers/messages.ts";

/** The behaviour of the worker with this number. */
export interface Doom {
  /** The thread's number. */
  readonly thread: number;
  /** To throw where nothing catches it, or to end without a word. */
  readonly end: "throw" | "close";
}

let thread = 0;

addEventListener("message", (event) => {
  const { data } = event as MessageEvent<ToWorker>;
  if (data.type === "start") thread = data.thread;
});

new BroadcastChannel("doom").addEventListener("message", ({ data }: MessageEvent<Doom>) => {
  if (data.thread !== thread) return;
  if (data.end === "throw") throw new Error("told to die");
  close();
});
