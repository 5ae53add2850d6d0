import type { SessionErrorCode } from '../base/errors.js'
import type { CapabilityProblem } from '../capability/inspect-cacao.js'

/** What the signature of a request says of itself, as far as it stands among the headers. */
export interface SignedHeaders {
  readonly created?: Date
  readonly expires?: Date
  readonly keyDID?: string
}

/** Reads `Signature-Input` (RFC 9421) among headers as curl -v and browsers show them. Nothing is verified. */
export function signedHeaders(text: string): SignedHeaders {
  const input = /^[<>* \t]*signature-input:(.*)$/im.exec(text)?.[1] ?? ''
  const time = (name: string): Date | undefined => {
    const secs = new RegExp(`;${name}=([0-9]{1,11})(?:;|$)`).exec(input.trim())?.[1]
    return secs === undefined ? undefined : new Date(Number(secs) * 1000)
  }
  const [created, expires] = [time('created'), time('expires')]
  const keyDID = /;keyid="(did:key:[^"#]+)/.exec(input)?.[1]
  return { ...(created && { created }), ...(expires && { expires }), ...(keyDID !== undefined && { keyDID }) }
}

/** What a server would say of them: nothing is signed, by another key, or for another time. */
export function problemsOf(headers: SignedHeaders, audience: string, now: number): CapabilityProblem[] {
  const { expires, keyDID } = headers
  const problem = (code: SessionErrorCode, message: string): CapabilityProblem => ({ code, message })
  if (!expires || keyDID === undefined)
    return [
      problem(
        'ERR_REQUEST_UNSIGNED',
        'no Signature-Input stands beside the capability: sign the request anew',
      ),
    ]
  return [
    ...(keyDID === audience
      ? []
      : [
          problem(
            'ERR_CAPABILITY_AUDIENCE',
            `the request was signed by ${keyDID}, and the capability is for ${audience}`,
          ),
        ]),
    ...(now < expires.getTime()
      ? []
      : [
          problem(
            'ERR_REQUEST_STALE',
            'the signature was good for a minute, which is over: sign the request anew',
          ),
        ]),
  ]
}
