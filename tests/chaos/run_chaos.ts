// deno-lint-ignore-file no-console
import { readNumberFlags } from "../testing/script_flags.ts";
import { runChaos } from "./chaos.ts";

/** `deno task chaos [--seconds N] [--seed N] [--workers N]`. */
if (import.meta.main) {
  const { seconds, seed, workers, clients } = readNumberFlags({
    seconds: 180,
    seed: Math.floor(Math.random() * 2 ** 31),
    workers: 1,
    clients: 16,
  });
  console.log(`Chaos for ${seconds} s with --seed ${seed} --workers ${workers}`);
  const { counts, violations } = await runChaos({
    seconds,
    seed,
    workers,
    clients,
    pause: 20,
    timeout: 1,
  });
  console.log(Object.entries(counts).map(([name, count]) => `${name}: ${count}`).join("\n"));
  console.log(`violations: ${violations.length}`);
  for (const violation of violations.slice(0, 50)) console.log(`- ${violation}`);
  Deno.exit(violations.length === 0 ? 0 : 1);
}
