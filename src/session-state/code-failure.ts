import { SessionError } from '../base/errors.js'
import { later } from '../session/client.js'

/**
 * Resolves with an error with the code `ERR_ENVIRONMENT` if the page can't load the library's code, for example because a
 * new version of the site has replaced its files; otherwise with `undefined`. Call this when a call has failed without a
 * `SessionError`: browsers reject `import()` with a `TypeError`, as if an option were wrong.
 */
export async function codeFailure(): Promise<SessionError | undefined> {
  try {
    await Promise.all([later.tabs(), later.helpers(), later.signingIn()])
    return undefined
  } catch (cause) {
    return new SessionError(
      'ERR_ENVIRONMENT',
      'the code of the page could not be loaded, because the network failed or the site was updated: reload the page',
      { cause },
    )
  }
}
