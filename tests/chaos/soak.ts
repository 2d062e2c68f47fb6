// deno-lint-ignore-file no-console
import { readNumberFlags } from "../testing/script_flags.ts";
import { runLoad } from "./load.ts";
import { pace } from "./pace.ts";
import { Stage } from "./stage.ts";

/** How long one stretch of load is at most, in seconds; between two, nothing is under way. */
const STRETCH_S = 60;

/** Half of what the machine can do, for a long time: `deno task soak [--minutes N] [--workers N]`. */
if (import.meta.main) {
  const { minutes, workers } = readNumberFlags({ minutes: 30, workers: 1 });
  await using stage = await Stage.start({
    servers: 4,
    started: 4,
    workers,
    settings: {},
  });
  const end = performance.now() + minutes * 60_000;
  let failed = 0;
  console.log(`Half load for ${minutes} min; memory and handles are those of the balancer`);
  for (let stretch = 1; performance.now() < end; stretch++) {
    const over = new AbortController();
    const load = runLoad({
      port: stage.port,
      seed: stretch,
      clients: 12,
      pause: 20,
      signal: over.signal,
    });
    await pace(Math.min(STRETCH_S * 1000, end - performance.now()));
    over.abort();
    const tally = await load;
    const { failedGets, failedPosts, brokenStreams, faults } = tally;
    failed += failedGets.length + failedPosts.length + brokenStreams.length + faults.length;
    for (const text of [...failedGets, ...faults].slice(0, 10)) console.log(`- ${text}`);
    const sorted = tally.durations.sort((one, other) => one - other);
    const latencies = [50, 90, 99, 99.9].map((percent) =>
      `p${percent} ${sorted[Math.floor(sorted.length * percent / 100)]?.toFixed(1)} ms`
    );
    console.log([
      `minute ${stretch}: ${await stage.memory()} KiB`,
      `${stage.handles()} handles`,
      `${tally.gets + tally.posts} requests`,
      ...latencies,
    ].join(", "));
  }
  console.log(`failed: ${failed}, active: ${(await stage.status()).map(({ active }) => active)}`);
  // Not with Deno.exit, which would leave the servers behind.
  Deno.exitCode = failed === 0 && await stage.stop() === 0 ? 0 : 1;
}
