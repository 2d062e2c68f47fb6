import denoJson from "../deno.json" with { type: "json" };

/** The version of Ballast. */
export const VERSION: string = denoJson.version;
