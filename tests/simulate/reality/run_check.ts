// deno-lint-ignore-file no-console
import { parseArgs } from "@std/cli/parse-args";
import type { PolicyName } from "../../../mod.ts";
import { simulate } from "../../../src/simulate/simulate.ts";
import { type RealRun, runForReal, type RunResult } from "./real_run.ts";
import { configOf, planOf, type Scenario } from "./scenario.ts";

/** Allowed difference of shares, absolute, and of p99, relative. */
const SHARES_WITHIN = 0.02;
const P99_WITHIN = 0.15;

/**
 * Allowed 99th percentile of how late requests are sent, in milliseconds. If it is higher, the machine
 * was too busy for a valid run.
 */
const LATE_MAX = 8;
/** How often an invalid run is repeated. */
const TRIES = 4;

const POLICIES: readonly PolicyName[] = ["least_connections", "round_robin", "random_two_choices"];

async function simulateRun(
  scenario: Scenario,
  policy: PolicyName,
  { urls }: RealRun,
): Promise<RunResult> {
  const { workload } = planOf(scenario, urls);
  const { policies } = await simulate({ config: configOf(scenario, urls), workload }, [policy]);
  const { servers, response_ms } = policies[0]!;
  return {
    shares: servers.map(({ share }) => share),
    p50: response_ms.p50,
    p99: response_ms.p99,
  };
}

function percents(shares: readonly number[]): string {
  return shares.map((share) => (share * 100).toFixed(2)).join(" ");
}

/** A valid run. */
async function runInQuiet(scenario: Scenario, policy: PolicyName): Promise<RealRun> {
  for (let tries = 1;; tries++) {
    const real = await runForReal(scenario, policy);
    if (real.late <= LATE_MAX) return real;
    console.log(`${policy}: requests were sent ${real.late.toFixed(1)} ms late (p99): too busy`);
    if (tries === TRIES) throw new Error("The machine has too much else to do");
  }
}

/** Compares the real run of a policy with the simulated one; returns whether they agree. */
async function compare(scenario: Scenario, policy: PolicyName): Promise<boolean> {
  const real = await runInQuiet(scenario, policy);
  const simulated = await simulateRun(scenario, policy, real);
  const apart = real.shares.map((share, i) => Math.abs(share - simulated.shares[i]!));
  const shares = Math.max(...apart);
  const relative = Math.max(...apart.map((difference, i) => difference / simulated.shares[i]!));
  const p99 = real.p99 / simulated.p99 - 1;
  const agrees = shares <= SHARES_WITHIN && Math.abs(p99) <= P99_WITHIN;
  const where = scenario.limited ? "queue in the balancer" : "queue at the servers";
  console.log(`${policy}, ${where}: ${agrees ? "they agree" : "THEY DO NOT AGREE"}
  shares, %   real ${percents(real.shares)}   simulated ${percents(simulated.shares)}
              apart by ${(shares * 100).toFixed(2)} % of all requests, ${
    (relative * 100).toFixed(2)
  } % of a share, at most
  p50, ms     real ${real.p50.toFixed(1)}   simulated ${simulated.p50.toFixed(1)}
  p99, ms     real ${real.p99.toFixed(1)}   simulated ${simulated.p99.toFixed(1)}   apart by ${
    (p99 * 100).toFixed(1)
  } %
  the client was late by up to ${real.late.toFixed(1)} ms (p99)`);
  return agrees;
}

/** `deno task simulate-check [--seconds N] [--seed N] [--policy NAME]`. */
if (import.meta.main) {
  const { seconds, seed, policy } = parseArgs(Deno.args, {
    string: ["seconds", "seed", "policy"],
    default: { seconds: "60", seed: "1" },
  });
  const scenario = { seconds: Number(seconds), seed: Number(seed) };
  let agree = true;
  for (const limited of [false, true]) {
    for (const name of POLICIES.filter((each) => policy === undefined || each === policy)) {
      agree = await compare({ ...scenario, limited }, name) && agree;
    }
  }
  Deno.exit(agree ? 0 : 1);
}
