import { SampleServer } from "../../testing/sample_server.ts";
import { within } from "../../testing/until.ts";
import { RunningProgram } from "../running_program.ts";
import type { Check } from "./check.ts";

/** How long a program may take to find that it has nothing to do, in seconds. */
const END_SECONDS = 20;

/** Checks of programs that do not close their balancer. */
export const ENDING_CHECKS: readonly Check[] = [
  {
    name: "lets a program end that has nothing else to do, once the access log is written",
    async run(runtime) {
      await using server = new SampleServer("a");
      // The next check and the end of the idle connection are far off.
      const servers = JSON.stringify([{ url: server.url, healthCheckPeriod: 3600 }]);
      const program = new RunningProgram(runtime, `${runtime.folder}/once.mjs`, {
        args: [servers],
        exitCode: 0,
      });
      await program.waitFor(/^answered 200 a$/m);
      await program.waitFor(/^checked true$/m);
      await within("the program's end", program[Symbol.asyncDispose](), END_SECONDS * 1000);
      await program.waitFor(/^log .*"GET \/path HTTP\/1\.1" 200 1$/m);
    },
  },
];
