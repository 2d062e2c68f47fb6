import { invalid } from "../config/validate.ts";
import { Problem } from "./problem.ts";

/** Minimum length of a token. */
const TOKEN_MIN_LENGTH = 16;
/** Maximum length; a field line may not be much longer. */
const TOKEN_MAX_LENGTH = 4096;

/** Fault of a token, without the token itself; undefined if it is valid. */
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
   * @param token Token that callers must send.
   * @throws {BalancerError} `invalid` if its length or a character is not allowed.
   */
  constructor(token: string) {
    const fault = tokenFault(token);
    if (fault !== undefined) {
      throw invalid("the options of the admin API", [{ path: "token", message: fault }]);
    }
    this.#digest = digest(token);
  }

  /**
   * Checks a request without touching its body.
   *
   * @throws {Problem} 401 if it does not have the token.
   */
  async check(request: Request): Promise<void> {
    const field = request.headers.get("authorization");
    // RFC 9110 §11.1: the name of a scheme is case-insensitive.
    const given = field === null ? undefined : /^bearer +([!-~]+)$/i.exec(field)?.[1];
    if (given !== undefined && isEqual(await digest(given), await this.#digest)) return;
    // RFC 6750 §3.1: no error code where there were no credentials at all.
    const challenge = `Bearer realm="ballast"${field === null ? "" : ', error="invalid_token"'}`;
    const why = field === null ? "needs a token" : "does not accept this token";
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

/** Compares digests in constant time. */
function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  let difference = one.length ^ other.length;
  for (let at = 0; at < one.length; at++) difference |= one[at]! ^ other[at]!;
  return difference === 0;
}
