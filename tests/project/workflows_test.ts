import { assert, assertEquals, assertMatch } from "@std/assert";
import { parse } from "@std/yaml";
import { SCENARIOS } from "../../bench/harness/scenarios.ts";
import { PEERS } from "../../bench/peers/mod.ts";
import { ROOT } from "../testing/program.ts";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly [key: string]: unknown;
}

interface Job {
  readonly steps: readonly Step[];
  readonly needs?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
  readonly [key: string]: unknown;
}

const FOLDER = new URL(".github/", ROOT);
const JOB_KEYS = [
  ["name", "needs", "runs-on", "timeout-minutes", "strategy", "permissions", "steps"],
].flat();
const STEP_KEYS = ["name", "if", "uses", "with", "run", "env"];

async function readYaml(path: string): Promise<unknown> {
  return parse(await Deno.readTextFile(new URL(path, FOLDER)));
}

async function readWorkflow(name: string): Promise<Workflow> {
  return await readYaml(`workflows/${name}.yml`) as Workflow;
}

/** The commands of a workflow, each on a line. */
function commands({ jobs }: Workflow): string[] {
  return Object.values(jobs).flatMap(({ steps }) =>
    steps.flatMap(({ run }) => run?.split("\n") ?? [])
  );
}

for (const name of ["ci", "bench", "release"]) {
  Deno.test(`workflow ${name}: follows GitHub's schema, with read-only contents by default`, async () => {
    const workflow = await readWorkflow(name);
    const keys = ["name", "on", "permissions", "jobs"];
    assertEquals(Object.keys(workflow).filter((key) => key !== "concurrency"), keys);
    assertEquals(workflow.permissions["contents"], "read");
    for (const job of Object.values(workflow.jobs)) {
      assertEquals(Object.keys(job).filter((key) => !JOB_KEYS.includes(key)), []);
      assert(typeof job["timeout-minutes"] === "number");
      assertMatch(`${job["runs-on"]}`, /^(ubuntu-latest|\$\{\{ matrix\.os \}\})$/);
      if (job.needs !== undefined) assert(job.needs in workflow.jobs, job.needs);
      for (const step of job.steps) {
        assertEquals(Object.keys(step).filter((key) => !STEP_KEYS.includes(key)), []);
        assertEquals([step.uses, step.run].filter((part) => part !== undefined).length, 1);
        if (step.uses !== undefined) {
          assertMatch(step.uses, /^(actions|denoland)\/[a-z-]+@v[0-9]+$/);
        }
      }
    }
  });

  Deno.test(`workflow ${name}: runs only tasks and files that exist`, async () => {
    const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
    for (const line of commands(await readWorkflow(name))) {
      const task = /\bdeno task ([a-z:-]+)/.exec(line)?.[1];
      if (task !== undefined) assert(task in tasks, task);
      for (const [file] of line.matchAll(/\b(tests|tools|bench)\/[a-z_/]+\.ts\b/g)) {
        assert((await Deno.stat(new URL(file, ROOT))).isFile, file);
      }
    }
  });
}

Deno.test("workflow ci: tests on three systems, with the oldest Deno that the README supports", async () => {
  const { jobs } = await readWorkflow("ci");
  const { matrix } = jobs["test"]!["strategy"] as { matrix: Record<string, string[]> };
  assertEquals(matrix["os"], ["ubuntu-latest", "macos-latest", "windows-latest"]);
  const named = /\[Deno\]\([^)]*\) (\d+\.\d+)/.exec(
    await Deno.readTextFile(new URL("README.md", ROOT)),
  );
  assert(matrix["deno"]!.includes(`v${named?.[1]}.x`));
});

Deno.test("workflow bench: names only scenarios and peers that exist", async () => {
  const line = commands(await readWorkflow("bench")).find((text) => text.includes("--only"))!;
  const [, only, peers] = /--only (\S+) --peers (\S+)/.exec(line)!;
  const scenarios = SCENARIOS.map(({ name }) => name);
  assertEquals(only!.split(",").filter((name) => !scenarios.includes(name)), []);
  const known = PEERS.map(({ name }) => name);
  assertEquals(peers!.split(",").filter((name) => !known.includes(name)), []);
});

Deno.test("workflow release: publishes only checked code, with the permissions needed for that", async () => {
  const { on, jobs } = await readWorkflow("release");
  assertEquals(on, { push: { tags: ["v*"] } });
  assertEquals([jobs["jsr"]!.needs, jobs["binaries"]!.needs], ["check", "check"]);
  // JSR uses this token to attest the package's provenance.
  assertEquals(jobs["jsr"]!.permissions, { contents: "read", "id-token": "write" });
  assertEquals(jobs["binaries"]!.permissions, { contents: "write" });
});

Deno.test("issue forms: each field has the attributes that GitHub requires", async () => {
  for (const name of ["bug", "idea"]) {
    const form = await readYaml(`ISSUE_TEMPLATE/${name}.yml`) as {
      name: string;
      description: string;
      body: { type: string; id?: string; attributes: Record<string, string> }[];
    };
    assert(form.name.length > 0 && form.description.length > 0);
    for (const { type, id, attributes } of form.body) {
      assert(["markdown", "textarea", "input"].includes(type), type);
      if (type === "markdown") assert(attributes["value"]);
      else assert(id !== undefined && attributes["label"]);
    }
  }
  assertEquals(await readYaml("ISSUE_TEMPLATE/config.yml"), { blank_issues_enabled: false });
});
