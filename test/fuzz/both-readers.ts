import { SessionError } from '../../src/base/errors.js'
import { type IncomingRequest, possibleURLs } from '../../src/http/incoming-request.js'
import {
  claimsByLibrary,
  type ReceivedMessage,
  type SignaturePolicy,
  signatureCheck,
} from '../../src/http/verify-signature.js'
import { verifyKeySignature } from '../../src/key/verify.js'
import { AUTHORITIES } from './genuine-requests.js'

const FIELDS = ['signature', 'signature-input', 'authorization', 'content-digest', 'content-type']
// The library trims fields in quadratic time for runs of white space, which takes seconds for some cases. A server refuses
// these by their form or length before it reads the signature.
const LONG_WHITE_SPACE = /\s{2000}/

/**
 * Throws unless our fast reader agrees with the library for RFC 9421. What the fast reader does not accept is passed to the
 * library, so there is no difference.
 */
export async function assertReadersAgree(request: IncomingRequest<unknown>, time: number): Promise<void> {
  const values = FIELDS.map((name) => [name, request.header(name)] as const)
  const fields = new Map(values.filter((field): field is readonly [string, string] => field[1] !== undefined))
  if ([...fields.values()].some((value) => LONG_WHITE_SPACE.test(value))) return
  const message: ReceivedMessage = { method: request.method, fields }
  const policy: SignaturePolicy = {
    urls: [],
    capabilityHeader: 'authorization',
    now: time,
    maxAge: 60_000,
    clockSkew: 300_000,
    verifyKeySignature,
  }
  for (const url of urlsOf(request)) {
    const own = await verdict(() => signatureCheck(message, policy)(url))
    const theirs = await verdict(() => claimsByLibrary(url, message, policy))
    if (own !== theirs) throw new Error(`one reader says ${own}, the other ${theirs}`)
  }
}

function urlsOf(request: IncomingRequest<unknown>): readonly URL[] {
  try {
    return possibleURLs(request, { authorities: AUTHORITIES, basePath: '' })
  } catch {
    return []
  }
}

async function verdict(judge: () => Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify(await judge()) ?? 'another signature'
  } catch (error) {
    if (error instanceof SessionError) return error.code
    throw error
  }
}
