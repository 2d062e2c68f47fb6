import { CrossThreadQueue } from "./cross_thread_queue.ts";
import type { StateTable } from "./state_table.ts";
import { ACTIVITY_SHIFT, layOut } from "./table_memory.ts";

/**
 * Reclaims the counts of a thread that has died: its active requests end, and the thread whose turn it
 * is gets called for the servers that they had.
 *
 * @param table State of the servers.
 * @param thread Number of the dead thread.
 */
export function reclaimCounts({ memory, end }: StateTable, thread: number): void {
  const { own, active, activity } = layOut(memory);
  const counts = own[thread]!;
  let freed = 0;
  for (let slot = 0; slot < end; slot++) {
    freed += counts[slot]!;
    Atomics.sub(active, slot, counts[slot]!);
    counts[slot] = 0;
  }
  // Every block: the thread may have died between counting a request and counting the activity.
  for (let block = 0; block << ACTIVITY_SHIFT < end; block++) Atomics.add(activity, block, 1);
  if (memory.threads === 1) return;
  // Also forgets the requests that waited on the dead thread.
  const queue = new CrossThreadQueue(memory, thread);
  const next = queue.threadWithOlderTicket(0);
  if (next !== -1) queue.call(next, freed);
}
