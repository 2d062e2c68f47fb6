import type { DifferenceJson, ReplayJson } from "../../simulate/replay.ts";
import { printable, table } from "../output/print.ts";

const DIFFERENCE_HEADER = ["DECISION", "AT", "PATH", "RECORDED", "INSTEAD", "BY LOAD"];

/**
 * What a policy makes of recorded decisions, for people.
 *
 * @param result What it makes of them.
 * @param limit How many differences are told at most.
 */
export function replayText(result: ReplayJson, limit: number): string {
  const { policy, decisions, different, equal_load, incomplete, servers, differences } = result;
  const share = (different / decisions * 100).toFixed(1);
  const told = differences.slice(0, limit);
  const more = differences.length - told.length;
  return [
    `${policy} makes ${different} of ${decisions} decisions otherwise (${share} %)`,
    ...(equal_load === 0 ? [] : [`${equal_load} of these are between servers with the same load`]),
    ...(incomplete === 0
      ? []
      : [`${incomplete} decisions do not list all servers; those left out could not be picked`]),
    "",
    table(
      ["SERVER", "RECORDED", "INSTEAD"],
      servers.map(({ name, recorded, picked }) => [name, String(recorded), String(picked)]),
    ),
    ...(told.length === 0 ? [] : ["", table(DIFFERENCE_HEADER, told.map(differenceRow))]),
    ...(more === 0 ? [] : [printable(`and ${more} more: --limit, or --json`)]),
  ].join("\n");
}

function differenceRow(difference: DifferenceJson): string[] {
  const { number, at, path, recorded, picked, equal_load } = difference;
  return [
    `#${number}`,
    at,
    path,
    serverText(recorded),
    serverText(picked),
    equal_load ? "the same" : "different",
  ];
}

function serverText(server: DifferenceJson["recorded"]): string {
  return server === null ? "none" : `${server.name} (${server.active} / ${server.weight})`;
}
