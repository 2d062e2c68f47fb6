// deno-lint-ignore-file no-console
import { parseArgs } from "@std/cli/parse-args";
import { runChaos } from "./chaos.ts";

/** `deno task chaos [--seconds N] [--seed N] [--workers N]`. */
if (import.meta.main) {
  const { seconds, seed, workers, clients } = parseArgs(Deno.args, {
    string: ["seconds", "seed", "workers", "clients"],
    default: {
      seconds: "180",
      seed: String(Math.floor(Math.random() * 2 ** 31)),
      workers: "1",
      clients: "16",
    },
  });
  console.log(`Chaos for ${seconds} s with --seed ${seed} --workers ${workers}`);
  const { counts, violations } = await runChaos({
    seconds: Number(seconds),
    seed: Number(seed),
    workers: Number(workers),
    clients: Number(clients),
    pause: 20,
    timeout: 1,
  });
  console.log(Object.entries(counts).map(([name, count]) => `${name}: ${count}`).join("\n"));
  console.log(`violations: ${violations.length}`);
  for (const violation of violations.slice(0, 50)) console.log(`- ${violation}`);
  Deno.exit(violations.length === 0 ? 0 : 1);
}
