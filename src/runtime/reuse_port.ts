/**
 * Whether several threads can listen on one port (`SO_REUSEPORT`), which workers require. Deno 2.9
 * supports it with `--unstable-net`, or with `"unstable": ["net"]` in `deno.json`, and otherwise ends
 * the process on use; so this checks for another function enabled by the same flag.
 */
export function mayReusePort(): boolean {
  return "Deno" in globalThis && "listenDatagram" in Deno;
}
