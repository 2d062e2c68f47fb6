// deno-lint-ignore-file no-console
import { parseArgs } from "@std/cli/parse-args";
import { type EtcdLoad, measureEtcd } from "./etcd_load.ts";
import { measureProbes } from "./probe_load.ts";
import { measureReading } from "./read_herd.ts";

/**
 * `deno task bench-sharing [--seconds N] [--only probes|etcd|reading]`: what balancers cost that share their
 * servers through etcd, as tables of Markdown. Needs etcd.
 */
if (import.meta.main) {
  const { seconds, only } = parseArgs(Deno.args, {
    string: ["seconds", "only"],
    default: { seconds: "30", only: "" },
  });
  if (only === "" || only === "probes") await printProbes(Number(seconds));
  if (only === "" || only === "etcd") await printEtcd(Number(seconds));
  if (only === "" || only === "reading") await printReading();
}

async function printProbes(seconds: number): Promise<void> {
  console.log("| balancers | servers | checks/s, shared | checks/s, each for itself |");
  console.log("|---|---|---|---|");
  for (const [balancers, servers] of [[3, 100], [10, 100], [3, 1000], [10, 1000]] as const) {
    const { shared, alone } = await measureProbes(balancers, servers, seconds);
    console.log(`| ${balancers} | ${servers} | ${shared.toFixed(1)} | ${alone.toFixed(1)} |`);
  }
  console.log();
}

async function printEtcd(seconds: number): Promise<void> {
  console.log(
    "| balancers | servers | etcd's memory | database | CPU | puts/s | growth an hour | " +
      "heard by each, idle | said by each | heard of a change | heard at the start |",
  );
  console.log("|---|---|---|---|---|---|---|---|---|---|---|");
  for (
    const [balancers, servers, light] of [
      [3, 1000, false],
      [10, 1000, false],
      [3, 10_000, false],
      [10, 1000, true],
      [30, 1000, true],
      [100, 1000, true],
      [100, 10_000, true],
    ] as const
  ) {
    console.log(row(await measureEtcd(balancers, servers, { light, seconds })));
  }
  console.log();
}

async function printReading(): Promise<void> {
  console.log("| balancers that join at once | until all have read 10,000 servers |");
  console.log("|---|---|");
  for (const readers of [1, 10, 30, 100]) {
    const milliseconds = await measureReading(readers, 10_000);
    console.log(`| ${readers} | ${(milliseconds / 1000).toFixed(1)} s |`);
  }
  console.log();
}

function row(load: EtcdLoad): string {
  const cells = [
    `${load.balancers}${load.light ? " (light)" : ""}`,
    String(load.servers),
    bytes(load.memory),
    bytes(load.database),
    `${(load.cpu * 100).toFixed(1)} %`,
    load.puts.toFixed(1),
    bytes(load.growth),
    `${bytes(load.received)}/s`,
    `${bytes(load.sent)}/s`,
    load.change === undefined ? "" : bytes(load.change),
    load.light ? "" : bytes(load.join),
  ];
  return `| ${cells.join(" | ")} |`;
}

function bytes(count: number): string {
  if (count < 1000) return `${Math.round(count)} B`;
  return count < 1e6 ? `${(count / 1000).toFixed(1)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}
