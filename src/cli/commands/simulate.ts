import { POLICY_NAMES, type PolicyName } from "../../model/settings.ts";
import { type Command, JSON_SWITCH } from "../command_line.ts";
import { UsageError } from "../errors.ts";
import { readTextFile } from "../files/text_file.ts";
import { printJson, printLine } from "../output/print.ts";
import { simulationText } from "../simulate/simulation_text.ts";
import { readServers, readWorkloadFlags, WORKLOAD_FLAGS } from "../simulate/workload_flags.ts";

/** `simulate`: compares policies on simulated servers. */
export const simulate = {
  name: "simulate",
  summary: "Simulate a workload and compare the policies",
  example: "ballast simulate --servers 10 --load 0.9 --balancers 3",
  values: {
    ...WORKLOAD_FLAGS,
    policy: { value: "NAMES", help: "policies to compare, separated by commas (default all)" },
  },
  switches: JSON_SWITCH,
  async run(args): Promise<void> {
    const config = await readServers(args);
    const file = await readIfGiven(args.text("workload"), "the workload");
    const log = await readIfGiven(args.text("log"), "the access log");
    // Loaded here because no other command needs it.
    const simulation = await import("../../simulate/simulate.ts");
    const policies = readPolicies(args.text("policy"));
    const source = file?.path ?? "the workload";
    const fromFile = file && simulation.parseYaml(file.text, source);
    const given = readWorkloadFlags(args, fromFile);
    const recording = log && simulation.readAccessLog(log.text, log.path);
    const workload = simulation.readWorkload(given, source, { recorded: log !== undefined });
    const result = await simulation.simulate({ config, workload, recording }, policies);
    if (args.has("json")) printJson(result);
    else printLine(simulationText(result));
  },
} satisfies Command;

async function readIfGiven(
  path: string | undefined,
  what: string,
): Promise<{ readonly path: string; readonly text: string } | undefined> {
  return path === undefined ? undefined : { path, text: await readTextFile(path, what) };
}

function readPolicies(text: string | undefined): PolicyName[] {
  if (text === undefined) return [...POLICY_NAMES];
  return text.split(",").map((name) => {
    const policy = POLICY_NAMES.find((known) => known === name.trim());
    if (policy !== undefined) return policy;
    throw new UsageError(`--policy must be a list of ${POLICY_NAMES.join(", ")}, not "${name}"`);
  });
}
