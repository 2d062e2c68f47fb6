import type { DecisionJson } from "../../admin/decisions.ts";
import { formatState } from "./format.ts";
import { printable, table } from "./print.ts";

const HEADER = ["SERVER", "STATE", "WEIGHT", "ACTIVE", "KEY", "VERDICT"];
const INDENT = "     ";

/** A decision as text: the request, its server and the reason, and the state of all candidates. */
export function decisionText(decision: DecisionJson): string {
  const { number, at, request, attempt, policy, chosen, reason, candidates, omitted } = decision;
  const { id, method, path, client } = request;
  const about = [
    `${method} ${path}`,
    ...(client === null ? [] : [`from ${client}`]),
    `attempt ${attempt}`,
    ...(id === null ? [] : [`id ${id}`]),
  ];
  const server = chosen === null ? "no server" : describe(decision, chosen);
  const rows = candidates.map((candidate) => [
    label(decision, candidate),
    formatState(candidate.state),
    String(candidate.weight),
    String(candidate.active),
    candidate.key ?? "",
    candidate.verdict,
  ]);
  const lines = [
    printable(`#${number}  ${at}  ${about.join(", ")}`),
    printable(`  -> ${server} (${policy}: ${reason})`),
    ...(rows.length === 0 ? [] : table(HEADER, rows).split("\n").map((line) => INDENT + line)),
    ...(omitted === 0 ? [] : [`${INDENT}… and ${omitted} more`]),
  ];
  return lines.join("\n");
}

/** The name and URL of the chosen server. */
function describe({ candidates }: DecisionJson, chosen: string): string {
  const name = candidates.find(({ url }) => url === chosen)?.name;
  return name === undefined || chosen.includes(name) ? chosen : `${name} ${chosen}`;
}

/** The name of a server, with its URL if the name is not unique. */
function label(
  { candidates }: DecisionJson,
  { name, url }: { readonly name: string; readonly url: string },
): string {
  const unique = candidates.filter((other) => other.name === name).length === 1;
  return unique ? name : `${name} ${url}`;
}
