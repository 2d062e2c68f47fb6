/**
 * The benchmark: Ballast beside other load balancers, under the same load. See README.md.
 *
 * @module
 */

import { startBackend } from "./harness/backend.ts";
import { printChart } from "./harness/chart.ts";
import { startContestants } from "./harness/contestants.ts";
import { describeMachine } from "./harness/machine.ts";
import { Meter } from "./harness/measure.ts";
import type { Mode } from "./harness/modes.ts";
import { type Options, readOptions, USAGE } from "./harness/options.ts";
import { printError, printLine } from "./harness/output.ts";
import { installPackages } from "./harness/packages.ts";
import { Processes, runToEnd } from "./harness/processes.ts";
import { type ModeReport, renderReport, type Report } from "./harness/report.ts";
import { SCENARIOS } from "./harness/scenarios.ts";
import { summarizeScenario } from "./harness/summary.ts";
import { ballastBefore } from "./peers/ballast.ts";
import { PEERS, REFERENCE } from "./peers/mod.ts";
import type { Peer } from "./peers/peer.ts";
import { versionOf } from "./peers/version.ts";

/** Context of one run. */
interface Run {
  readonly options: Options;
  readonly peers: readonly Peer[];
  readonly processes: Processes;
  readonly report: Report;
  /** A directory for all configuration files and for what the upstreams serve. */
  readonly directory: string;
  readonly installError: string | undefined;
  /** The peer that all others are compared with. */
  readonly reference: Peer;
}

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  let options: Options | undefined;
  try {
    options = readOptions(args, {
      scenarios: SCENARIOS.map(({ name }) => name),
      peers: PEERS.map(({ name }) => name),
    });
  } catch (error) {
    printError(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (options === undefined) {
    printLine(USAGE);
    return 0;
  }
  const processes = new Processes();
  let interrupted = false;
  function interrupt(): void {
    interrupted = true;
    // Whatever is under way fails then, which leads to the end of this function.
    processes[Symbol.asyncDispose]();
  }
  Deno.addSignalListener("SIGINT", interrupt);
  Deno.addSignalListener("SIGTERM", interrupt);
  const directory = await Deno.makeTempDir({ prefix: "ballast-bench-" });
  try {
    await runAll({ options, processes, directory });
    return 0;
  } catch (error) {
    printError(interrupted ? "Interrupted" : `Cannot go on: ${(error as Error).message}`);
    return interrupted ? 130 : 1;
  } finally {
    await processes[Symbol.asyncDispose]();
    await Deno.remove(directory, { recursive: true });
    Deno.removeSignalListener("SIGINT", interrupt);
    Deno.removeSignalListener("SIGTERM", interrupt);
  }
}

async function runAll(
  { options, processes, directory }: Pick<Run, "options" | "processes" | "directory">,
): Promise<void> {
  const chosen = PEERS.filter(({ name }) => options.peers?.includes(name) ?? true);
  const before = options.before === undefined ? undefined : ballastBefore(options.before);
  const peers = before === undefined ? chosen : [before, ...chosen];
  const reference = before ?? REFERENCE;
  const installError = await installPackages([
    ...new Set(peers.flatMap(({ packages }) => packages ?? [])),
  ]);
  const report: Report = {
    date: new Date(),
    machine: await describeMachine(),
    settings: [
      `Settings: ${options.rounds} rounds of ${options.duration} s for each peer and scenario, ` +
      `after 1 s of warm-up; 3 nginx upstreams`,
    ],
    reference: reference.title,
    versions: await describeVersions(peers),
    modes: [],
  };
  for (const line of report.machine) printLine(line);
  for (const mode of options.modes) {
    await runMode(
      {
        options,
        peers,
        processes,
        report,
        directory: `${directory}/${mode.name}`,
        installError,
        reference,
      },
      mode,
    );
  }
  printLine(`The report is in ${options.out}`);
}

async function runMode(run: Run, mode: Mode): Promise<void> {
  const { options, peers, report, directory, installError, reference } = run;
  // One set of processes a mode, as the next mode pins them differently.
  const { processes } = run;
  await Deno.mkdir(`${directory}/backend`, { recursive: true });
  printLine(`\n${mode.title}`);
  const backend = await startBackend(processes, {
    directory: `${directory}/backend`,
    workers: mode.backendWorkers,
    core: mode.loadCore,
  });
  const { contestants, absentees } = await startContestants(processes, mode, {
    peers,
    backend,
    directory,
    installError,
  });
  for (const { title, reason } of absentees) printLine(`  Skipped ${title}: ${reason}`);
  const meter = new Meter(processes, contestants, { mode, ...options });
  const scenarios = SCENARIOS.filter(({ name }) => options.only?.includes(name) ?? true);
  const minutes = meter.secondsPerScenario * scenarios.length / 60;
  printLine(`  ${contestants.length} contestants, about ${Math.ceil(minutes)} minutes`);
  const modeReport: ModeReport = { mode, contestants, absentees, scenarios: [] };
  report.modes.push(modeReport);
  await meter.warmUp();
  for (const scenario of scenarios) {
    printLine(`  ${scenario.title}`);
    const lines = summarizeScenario(await meter.measure(scenario), contestants, reference.name);
    printChart(scenario, lines, reference.title);
    modeReport.scenarios.push({ scenario, lines });
    // After each scenario, so that a run that is broken off leaves what it has.
    await writeReport(options.out, report);
  }
  for (const { process } of contestants) if (process !== undefined) await processes.stop(process);
  await processes.stop(backend.process);
}

async function describeVersions(peers: readonly Peer[]): Promise<[string, string][]> {
  const versions: [string, string][] = [];
  for (const { title, version } of peers) {
    versions.push([title, await version() ?? "not installed"]);
  }
  versions.push(["nginx (upstreams)", await versionOf(["nginx", "-v"], /nginx\/(\S+)/) ?? "?"]);
  versions.push(["wrk", await versionOf(["wrk", "--version"], /wrk (\S+)/) ?? "?"]);
  return versions;
}

async function writeReport(path: string, report: Report): Promise<void> {
  await Deno.writeTextFile(path, renderReport(report));
  // `deno fmt --check` looks at the report too, and aligns its tables.
  await runToEnd({ argv: [Deno.execPath(), "fmt", "--quiet", path] }, { timeout: 10_000 });
}
