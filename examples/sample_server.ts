// deno-lint-ignore-file no-console
/**
 * A server to balance over, that says its name and how many requests it has had:
 * `deno run --allow-net examples/sample_server.ts NAME PORT`.
 */

/**
 * Starts a sample server on this machine. Health checks do not count as requests.
 *
 * @param name Its name in the responses.
 * @param port Where it listens.
 * @throws {Deno.errors.AddrInUse} If the port is taken.
 */
export function startSample(name: string, port: number): Deno.HttpServer {
  let hits = 0;
  return Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, (request) => {
    if (request.headers.get("user-agent") !== "ballast-health-check") hits++;
    return new Response(`server ${name}, hit ${hits}\n`);
  });
}

if (import.meta.main) {
  const [name = "sample", port = "3001"] = Deno.args;
  startSample(name, Number(port));
  console.log(`Server ${name} on http://127.0.0.1:${port}`);
}
