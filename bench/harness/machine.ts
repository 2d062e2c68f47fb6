/** The machine, as lines of text for the report. */
export async function describeMachine(): Promise<string[]> {
  const cpu = await Deno.readTextFile("/proc/cpuinfo");
  const model = /^model name\s*:\s*(.*)$/m.exec(cpu)?.[1] ?? "unknown";
  const memory = Deno.systemMemoryInfo().total / 2 ** 30;
  return [
    `CPU: ${model}, ${navigator.hardwareConcurrency} cores`,
    `Memory: ${memory.toFixed(0)} GiB`,
    `Kernel: Linux ${Deno.osRelease()}`,
    // Above 0, something else wants the cores as well, and the numbers are worth less.
    `Load average when it started: ${Deno.loadavg().map((load) => load.toFixed(2)).join(", ")}`,
  ];
}
