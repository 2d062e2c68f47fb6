import { invalid } from "../config/validate.ts";
import { Problem } from "./problem.ts";

/** The fewest characters of a token. */
const TOKEN_MIN_LENGTH = 16;
/** The most; a field line may not be much longer. */
const TOKEN_MAX_LENGTH = 4096;

/**
 * What is wrong with a token; undefined where nothing is. The token is not in the message.
 *
 * @param token The token.
 */
export function tokenFault(token: string): string | undefined {
  const fits = token.length >= TOKEN_MIN_LENGTH && token.length <= TOKEN_MAX_LENGTH;
  if (fits && /^[!-~]*$/.test(token)) return undefined;
  return `must be ${TOKEN_MIN_LENGTH} to ${TOKEN_MAX_LENGTH} visible ASCII characters without spaces`;
}

/** Refuses requests without the right bearer token (RFC 6750). */
export class TokenCheck {
  // The token itself is not kept, so that no log and no error can show it.
  readonly #digest: Promise<Uint8Array>;

  /**
   * @param token The token that callers must send.
   * @throws {BalancerError} `invalid` if it is too short or has other characters.
   */
  constructor(token: string) {
    const fault = tokenFault(token);
    if (fault !== undefined) {
      throw invalid("the options of the admin API", [{ path: "token", message: fault }]);
    }
    this.#digest = digest(token);
  }

  /**
   * @param request What was received. Its body is not touched.
   * @throws {Problem} 401 if it does not have the token.
   */
  async check(request: Request): Promise<void> {
    const field = request.headers.get("authorization");
    // RFC 9110 §11.1: the name of a scheme is case-insensitive.
    const given = field === null ? undefined : /^bearer +([!-~]+)$/i.exec(field)?.[1];
    if (given !== undefined && isEqual(await digest(given), await this.#digest)) return;
    // RFC 6750 §3.1: no error code where there were no credentials at all.
    const challenge = `Bearer realm="ballast"${field === null ? "" : ', error="invalid_token"'}`;
    const why = field === null ? "needs a token" : "does not take this token";
    const detail = "must be Bearer and the token that this API was started with";
    throw new Problem(401, `This API ${why}: the field authorization ${detail}`, {
      faults: [{ field: "authorization", detail }],
      headers: { "www-authenticate": challenge },
    });
  }
}

async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

/** Compares digests in a time that does not tell where they differ. */
function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  let difference = one.length ^ other.length;
  for (let at = 0; at < one.length; at++) difference |= one[at]! ^ other[at]!;
  return difference === 0;
}
