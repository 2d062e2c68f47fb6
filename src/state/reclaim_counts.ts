import type { StateTable } from "./state_table.ts";
import { ACTIVITY_SHIFT, layOut } from "./table_memory.ts";
import { vacate } from "./cross_thread_queue.ts";

/**
 * Ends the requests that a thread has counted and will not finish, as it has come to its end, and
 * calls who waits on another thread for the servers that they had.
 *
 * @param table The servers' state.
 * @param thread The number of the thread.
 */
export function reclaimCounts({ memory, end }: StateTable, thread: number): void {
  const { own, active, activity } = layOut(memory);
  const counts = own[thread]!;
  let places = 0;
  for (let slot = 0; slot < end; slot++) {
    places += counts[slot]!;
    Atomics.sub(active, slot, counts[slot]!);
    counts[slot] = 0;
  }
  // All of it: the thread may have ended after it counted, and before it said so.
  for (let block = 0; block << ACTIVITY_SHIFT < end; block++) Atomics.add(activity, block, 1);
  if (memory.threads > 1) vacate(memory, thread, places);
}
