/**
 * Whether several threads may listen on one port (`SO_REUSEPORT`), without which there can be no
 * workers. Deno 2.9 has that behind `--unstable-net`, or `"unstable": ["net"]` in the `deno.json` in
 * force, and ends the whole process where it is used without; so this looks for another function
 * that comes with the same flag.
 */
export function mayReusePort(): boolean {
  return "Deno" in globalThis && "listenDatagram" in Deno;
}
