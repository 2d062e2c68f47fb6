import type { DifferenceJson, ReplayJson } from "../../simulate/replay.ts";
import { printable, table } from "../output/print.ts";

const DIFFERENCE_HEADER = ["DECISION", "AT", "PATH", "RECORDED", "REPLAYED", "BY LOAD"];

/**
 * Formats the result of a replay.
 *
 * @param limit The most differences to list.
 */
export function replayText(result: ReplayJson, limit: number): string {
  const { policy, decisions, different, equal_load, incomplete, servers, differences } = result;
  const share = (different / decisions * 100).toFixed(1);
  const listed = differences.slice(0, limit);
  const more = differences.length - listed.length;
  return [
    `${policy} differs in ${different} of ${decisions} decisions (${share} %)`,
    ...(equal_load === 0 ? [] : [`${equal_load} of them are between equally loaded servers`]),
    ...(incomplete === 0
      ? []
      : [`${incomplete} decisions omit some servers, which could not be picked`]),
    "",
    table(
      ["SERVER", "RECORDED", "REPLAYED"],
      servers.map(({ name, recorded, picked }) => [name, String(recorded), String(picked)]),
    ),
    ...(listed.length === 0 ? [] : ["", table(DIFFERENCE_HEADER, listed.map(differenceRow))]),
    ...(more === 0 ? [] : [printable(`… and ${more} more (see --limit and --json)`)]),
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
    equal_load ? "equal" : "different",
  ];
}

function serverText(server: DifferenceJson["recorded"]): string {
  return server === null ? "none" : `${server.name} (${server.active} / ${server.weight})`;
}
