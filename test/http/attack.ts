import { expect, vi } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import type { SessionErrorCode } from '../../src/base/errors.js'
import { toBase64url } from '../../src/base/multibase.js'
import { authorizationOf } from '../../src/http/signature-profile.js'
import { NOW, type TestSigner } from '../setup/request-signer.js'
import { digestOf, profileInput, signWire } from '../setup/sign-wire.js'
import { ACCOUNT_A } from '../setup/wallet.js'
import type { WireRequest } from '../setup/wire-request.js'
import type { Answer } from './raw-socket.js'

const TRIES = 3
/** The signatures that may be verified before a refusal: the account's on the capability, and the session key's on the request. */
const MOST_SIGNATURES = 2

export const TARGET = '/notes/1?page=1&page=2'

interface Wanted {
  /** POST with a body, or else GET. */
  readonly method?: string
  readonly target?: string
  readonly host?: string
  readonly body?: string
  /** Replaces the headers of the body. */
  readonly digest?: string
  /** The content type of the body; `text/plain` by default. */
  readonly type?: string
  readonly now?: number
}

/** A request that a session signed. */
export async function signedWire({ key, cacao }: TestSigner, wanted: Wanted = {}): Promise<WireRequest> {
  const { target = TARGET, host = 'api.example.com', digest, type = 'text/plain', now = NOW } = wanted
  const body = utf8(wanted.body ?? '')
  const hasBody = body.length > 0
  const plain: WireRequest = {
    method: wanted.method ?? (hasBody ? 'POST' : 'GET'),
    target,
    host,
    headers: [
      ['Authorization', authorizationOf(cacao)],
      ...(hasBody
        ? ([
            ['Content-Digest', digest ?? digestOf(body)],
            ['Content-Type', type],
          ] as const)
        : []),
    ],
    body,
  }
  const nonce = toBase64url(crypto.getRandomValues(new Uint8Array(16)))
  return signWire(plain, profileInput(key, hasBody, now / 1000, nonce), key)
}

/** Expects that the request reached a handler, which read this. */
export function expectAccepted(answer: Answer, body = '', target = TARGET): void {
  expect([answer.status, answer.body]).toEqual([200, JSON.stringify([ACCOUNT_A, target, body])])
}

/**
 * Expects that an attack is refused each time, with no more work than a valid request. If Node or Hono refuses it first, there
 * is no code.
 */
export async function expectRefused(
  attack: () => Promise<Answer>,
  status: number,
  code: SessionErrorCode | undefined,
): Promise<void> {
  for (let i = 0; i < TRIES; i++) {
    const verify = vi.spyOn(crypto.subtle, 'verify')
    const answer = await attack().finally(() => verify.mockRestore())
    expect(verify.mock.calls.length).toBeLessThanOrEqual(MOST_SIGNATURES)
    expect(answer.status).toBe(status)
    if (code === undefined) continue
    expect(answer.body).toBe(JSON.stringify({ code }))
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(answer.headers.get('www-authenticate')).toBe(status === 401 ? `CACAO error="${code}"` : null)
  }
}

/** Unhandled errors since this was called. */
export function strayErrors(): { readonly seen: unknown[]; stop(): void } {
  const seen: unknown[] = []
  const note = (error: unknown): void => void seen.push(error)
  process.on('unhandledRejection', note)
  process.on('uncaughtException', note)
  return {
    seen,
    stop() {
      process.off('unhandledRejection', note)
      process.off('uncaughtException', note)
    },
  }
}
