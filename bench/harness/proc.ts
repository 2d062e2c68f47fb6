/** A process as `/proc` shows it. */
export interface ProcessState {
  /** Its id. */
  readonly pid: number;
  /** The id of its parent. */
  readonly parent: number;
  /** When it started, in clock ticks since boot; with the id it names a process beyond its end. */
  readonly startTime: string;
  /** The processor time that it has used, in seconds. */
  readonly cpuSeconds: number;
}

/** `USER_HZ`, which is 100 on every Linux that Deno runs on. */
const TICKS_PER_SECOND = 100;

/**
 * Reads `/proc` of a process (see proc(5)).
 *
 * @returns Undefined when there is no such process.
 */
export function processState(pid: number): ProcessState | undefined {
  let text: string;
  try {
    text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses, which may itself contain anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  // A zombie has ended; it only waits for its parent to take note.
  if (fields[0] === "Z") return undefined;
  return {
    pid,
    parent: Number(fields[1]),
    startTime: fields[19]!,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
  };
}

/** The memory that a process occupies (`VmRSS`), in bytes. */
export function residentBytes(pid: number): number {
  const kibibytes = /^VmRSS:\s*([0-9]+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))
    ?.[1];
  return Number(kibibytes) * 1024;
}

/** A process and all that descend from it, parents first. */
export function processTree(root: number): ProcessState[] {
  const byParent = new Map<number, ProcessState[]>();
  for (const entry of Deno.readDirSync("/proc")) {
    if (!/^[0-9]+$/.test(entry.name)) continue;
    const state = processState(Number(entry.name));
    if (state === undefined) continue;
    const siblings = byParent.get(state.parent);
    if (siblings === undefined) byParent.set(state.parent, [state]);
    else siblings.push(state);
  }
  const first = processState(root);
  const tree = first === undefined ? [] : [first];
  for (let i = 0; i < tree.length; i++) tree.push(...byParent.get(tree[i]!.pid) ?? []);
  return tree;
}

/** Sends a signal to a process if it still is the one it was. */
export function signalProcess(process: ProcessState, signal: Deno.Signal): void {
  if (processState(process.pid)?.startTime !== process.startTime) return;
  try {
    Deno.kill(process.pid, signal);
  } catch {
    // It ended in between.
  }
}
