/** The version of Ballast: that of deno.json, which the library cannot load on every runtime. */
export const VERSION = "0.1.0";
