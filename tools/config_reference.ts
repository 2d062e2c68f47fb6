/**
 * Writes `docs/configuration.md` from the schema that validates the configuration: `deno task docs`.
 * A test fails while the file is not what this would write.
 */

import { configJsonSchema } from "../src/config/json_schema.ts";

/** The parts of a JSON Schema that the configuration's has. */
interface Field {
  readonly type?: string;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Field[];
  readonly items?: Field;
  readonly properties?: Readonly<Record<string, Field>>;
}

const BEGINNING = `# Configuration

\`deno task docs\` generates this page from the schema that validates the file and the admin API.
[schema/config.schema.json](../schema/config.schema.json) is generated from it too, and lets an editor
complete and validate a configuration.

A configuration is YAML: either a list of servers,

\`\`\`yaml
- url: http://127.0.0.1:3001
- url: http://127.0.0.1:3002
  weight: 2
\`\`\`

or a mapping with \`servers\` and settings. Every setting is optional;
[examples/settings.yaml](../examples/settings.yaml) shows all of them.

\`\`\`yaml
# yaml-language-server: $schema=../schema/config.schema.json
port: 8080
health_check: { path: /healthz }
servers:
  - url: http://127.0.0.1:3001
  - url: http://127.0.0.1:3002
    weight: 2
\`\`\`

Unknown settings, wrong types and duplicate URLs are errors. \`ballast check-config FILE\` reports all
of them, each with its path, its value and what is allowed. The flags of \`listen\` take precedence
over the file. SIGHUP and \`--watch\` apply changes to \`servers\` and \`health_check\`; changes to
other settings need a restart.
`;

/** The reference of the configuration, as Markdown that is not formatted yet. */
export function configReference(): string {
  const { anyOf: [, mapping] } = JSON.parse(configJsonSchema()) as { anyOf: [Field, Field] };
  const fields = Object.entries(mapping.properties ?? {});
  const simple = fields.filter(([, field]) => objectOf(field) === undefined);
  const sections = fields.flatMap(([name, field]) => {
    const object = objectOf(field);
    if (object === undefined) return [];
    const each = field.items === undefined ? "" : " Each has:";
    const about = `${field.description}.${each}\n\n`;
    return [`## \`${name}\`\n\n${about}${list(Object.entries(object.properties ?? {}))}`];
  });
  const servers = sections.filter((section) => section.startsWith("## `servers`"));
  const others = sections.filter((section) => !servers.includes(section));
  return [BEGINNING, ...servers, `## Settings\n\n${list(simple)}`, ...others].join("\n");
}

/** The object that a field is, or that each of its items is. */
function objectOf(field: Field): Field | undefined {
  const object = field.items ?? field;
  return object.properties === undefined ? undefined : object;
}

function list(fields: readonly [name: string, field: Field][]): string {
  return fields.map(([name, field]) => {
    const [, what, standard] = /^(.*?)(?:\. Default: (.*))?$/.exec(field.description ?? "")!;
    const ends = standard === undefined ? "" : ` Default: ${standard}.`;
    return `- **\`${name}\`**: ${what}.${ends} _${allowed(field)}_\n`;
  }).join("");
}

/** The values that a field takes, in words. */
function allowed({ type, anyOf, items, minimum, maximum, ...field }: Field): string {
  if (anyOf !== undefined) return anyOf.map(allowed).join(" or ");
  if (field.const !== undefined) return `\`${field.const}\``;
  if (field.enum !== undefined) return field.enum.map((value) => `\`${value}\``).join(", ");
  const range = minimum === undefined ? "" : `, ${minimum} to ${maximum}`;
  switch (type) {
    case "integer":
      return `whole number${range}`;
    case "number":
      return `number${range}`;
    case "boolean":
      return "true or false";
    case "array":
      return `list, each: ${allowed(items ?? {})}`;
    default:
      return "text";
  }
}

/**
 * The reference, as `deno fmt` writes it.
 *
 * @returns The text of `docs/configuration.md`.
 */
export async function formattedReference(): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext", "md", "--line-width", "100", "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(configReference()));
  await writer.close();
  return new TextDecoder().decode((await child.output()).stdout);
}

if (import.meta.main) {
  const file = new URL("../docs/configuration.md", import.meta.url);
  await Deno.writeTextFile(file, await formattedReference());
}
