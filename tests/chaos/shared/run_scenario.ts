// deno-lint-ignore-file no-console
import { parseArgs } from "@std/cli/parse-args";
import { SeededRandom } from "../random.ts";
import { EVENTS, runScenario } from "./scenario.ts";

/** `deno task chaos-etcd [--rounds N] [--seed N]`. */
if (import.meta.main) {
  const { rounds, seed } = parseArgs(Deno.args, {
    string: ["rounds", "seed"],
    default: { rounds: "10", seed: String(Math.floor(Math.random() * 2 ** 31)) },
  });
  console.log(`${rounds} rounds of chaos with --seed ${seed}`);
  const random = new SeededRandom(Number(seed));
  const names = Object.keys(EVENTS) as (keyof typeof EVENTS)[];
  const events = Array.from({ length: Number(rounds) * names.length }, () => random.oneOf(names));
  const { violations, measured } = await runScenario(events, Number(seed));
  console.log(Object.entries(measured).map(([what, value]) => `${what}: ${value}`).join("\n"));
  console.log(`violations: ${violations.length}`);
  for (const violation of violations.slice(0, 50)) console.log(`- ${violation}`);
  if (violations.length > 0) Deno.exit(1);
}
