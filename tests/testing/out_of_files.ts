/**
 * A balancer of the servers on the command line, in a process that runs out of file descriptors and
 * then has some again. Prints what it finds as JSON.
 *
 * @module
 */

import { LoadBalancer } from "../../mod.ts";

/** How a balancer does whose process is out of file descriptors. */
export interface OutOfFiles {
  /** The statuses that requests got, and after how many seconds they are to come again. */
  readonly answers: readonly (readonly [status: number, retryAfter: string | null])[];
  /** The results of requested health checks. */
  readonly checks: readonly (readonly [passed: boolean, detail: string])[];
  /** Whether each server counts as healthy, and whether it is ejected. */
  readonly servers: readonly (readonly [healthy: boolean, ejected: boolean])[];
  /** The statuses of the first requests that there are files for again. */
  readonly after: readonly number[];
}

if (import.meta.main) {
  await using balancer = new LoadBalancer({
    servers: Deno.args.map((url) => ({ url, healthCheckPeriod: 3600 })),
  });
  const urls = balancer.servers().map(({ url }) => url);
  // Everything that is needed is loaded once it has worked.
  for (const url of urls) await balancer.check(url);
  const files: Deno.FsFile[] = [];
  try {
    for (;;) files.push(Deno.openSync(new URL(import.meta.url)));
  } catch (error) {
    if ((error as { code?: string }).code !== "EMFILE") throw error;
  }
  const answers = [];
  for (let i = 0; i < 12; i++) {
    const response = await balancer.fetch(new Request("http://balancer.test/"));
    await response.body?.cancel();
    answers.push([response.status, response.headers.get("retry-after")]);
  }
  const reports = await Promise.all(urls.map((url) => balancer.check(url)));
  const servers = balancer.servers();
  for (const file of files) file.close();
  const after: number[] = [];
  for (const _ of urls) {
    const response = await balancer.fetch(new Request("http://balancer.test/"));
    await response.body?.cancel();
    after.push(response.status);
  }
  const found = {
    answers,
    checks: reports.map(({ passed, detail }) => [passed, detail]),
    servers: servers.map(({ healthy, ejection }) => [healthy, ejection !== undefined]),
    after,
  };
  await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(found)}\n`));
}
