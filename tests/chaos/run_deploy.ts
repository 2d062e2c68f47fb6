// deno-lint-ignore-file no-console
import { readNumberFlags } from "../testing/script_flags.ts";
import { runDeploy } from "./deploy.ts";

/** `deno task deploy-check [--seconds N] [--seed N] [--workers N]`. */
if (import.meta.main) {
  const { seconds, seed, workers } = readNumberFlags({ seconds: 60, seed: 1, workers: 1 });
  console.log(`A deployment for ${seconds} s with --workers ${workers}`);
  const { counts, violations } = await runDeploy({
    seconds,
    seed,
    workers,
    clients: 16,
  });
  console.log(Object.entries(counts).map(([name, count]) => `${name}: ${count}`).join("\n"));
  console.log(`violations: ${violations.length}`);
  for (const violation of violations.slice(0, 50)) console.log(`- ${violation}`);
  Deno.exit(violations.length === 0 ? 0 : 1);
}
