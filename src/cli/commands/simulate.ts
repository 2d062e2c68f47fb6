import { POLICY_NAMES, type PolicyName } from "../../model/settings.ts";
import { type Command, JSON_SWITCH } from "../command_line.ts";
import { UsageError } from "../errors.ts";
import { printJson, printLine } from "../output/print.ts";
import { simulationText } from "../simulate/simulation_text.ts";
import {
  readServers,
  readText,
  readWorkloadFlags,
  WORKLOAD_FLAGS,
} from "../simulate/workload_flags.ts";

/** `simulate`: says what policies do to a fleet, before it is built. */
export const simulate: Command = {
  name: "simulate",
  summary: "Simulate what each policy does to servers under a workload",
  example: "ballast simulate --servers 10 --load 0.9 --balancers 3",
  values: {
    ...WORKLOAD_FLAGS,
    policy: { value: "NAMES", help: "policies to compare, with commas between (default all)" },
  },
  switches: JSON_SWITCH,
  async run(args): Promise<void> {
    const config = await readServers(args);
    const file = await readGiven(args.text("workload"), "workload");
    const log = await readGiven(args.text("log"), "access log");
    // Only here: nobody else needs any of it.
    const simulation = await import("../../simulate/simulate.ts");
    const policies = readPolicies(args.text("policy"), POLICY_NAMES);
    const source = file?.path ?? "the workload";
    const said = file && simulation.parseYaml(file.text, source);
    const given = readWorkloadFlags(args, said);
    const recording = log && simulation.readAccessLog(log.text, log.path);
    const workload = simulation.readWorkload(given, source, { recorded: log !== undefined });
    const result = await simulation.simulate({ config, workload, recording }, policies);
    if (args.has("json")) printJson(result);
    else printLine(simulationText(result));
  },
};

/** A file that may be given, and where it is. */
async function readGiven(
  path: string | undefined,
  what: string,
): Promise<{ readonly path: string; readonly text: string } | undefined> {
  return path === undefined ? undefined : { path, text: await readText(path, what) };
}

/** The policies that are asked for; all of them where nobody says. */
function readPolicies(text: string | undefined, known: readonly PolicyName[]): PolicyName[] {
  if (text === undefined) return [...known];
  return text.split(",").map((name) => {
    const policy = known.find((each) => each === name.trim());
    if (policy !== undefined) return policy;
    throw new UsageError(`--policy must be of ${known.join(", ")}, not "${name}"`);
  });
}
