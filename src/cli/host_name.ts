/** Where Linux keeps the host's name: in a container, that of the container or pod. */
const PATH = "/etc/hostname";

/**
 * The host's name, as far as it can be had: asking the system for it would need a permission that
 * the program does without. Undefined where it cannot.
 */
export async function hostName(): Promise<string | undefined> {
  const { state } = await Deno.permissions.query({ name: "read", path: PATH });
  if (state !== "granted") return undefined;
  try {
    return /^[!-~]{1,255}/.exec((await Deno.readTextFile(PATH)).trim())?.[0];
  } catch {
    return undefined;
  }
}
