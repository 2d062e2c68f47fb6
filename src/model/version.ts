/** The version of Ballast: what deno.json says, which the library cannot load on every runtime. */
export const VERSION = "0.1.0";
