// deno-lint-ignore-file no-console
import { readNumberFlags } from "../../testing/script_flags.ts";
import { SeededRandom } from "../random.ts";
import { EVENTS, runScenario } from "./scenario.ts";

/** `deno task chaos-etcd [--rounds N] [--seed N]`. */
if (import.meta.main) {
  const { rounds, seed } = readNumberFlags({
    rounds: 10,
    seed: Math.floor(Math.random() * 2 ** 31),
  });
  console.log(`${rounds} rounds of chaos with --seed ${seed}`);
  const random = new SeededRandom(seed);
  const names = Object.keys(EVENTS) as (keyof typeof EVENTS)[];
  const events = Array.from({ length: rounds * names.length }, () => random.oneOf(names));
  const { violations, measured } = await runScenario(events, seed);
  console.log(Object.entries(measured).map(([what, value]) => `${what}: ${value}`).join("\n"));
  console.log(`violations: ${violations.length}`);
  for (const violation of violations.slice(0, 50)) console.log(`- ${violation}`);
  if (violations.length > 0) Deno.exit(1);
}
