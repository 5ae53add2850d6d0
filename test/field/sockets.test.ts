import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { afterEach, beforeAll, beforeEach, describe, expect, vi } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import type { SessionError } from '../../src/base/errors.js'
import { toBase64url } from '../../src/base/multibase.js'
import type { Cacao } from '../../src/capability/cacao.js'
import { memoryReplay } from '../../src/http/replay.js'
import { memoryRevocation } from '../../src/http/revocation.js'
import { requestVerifier } from '../../src/http/verify-request.js'
import { knownKey } from '../../src/key/did-key.js'
import { createToken, signURL } from '../../src/token/create-token.js'
import { untilSessionEnds } from '../../src/token/until-session-ends.js'
import { tokenVerifier } from '../../src/token/verify-token.js'
import { expectCode } from '../setup/expect-code.js'
import { accepting, NOW, type TestSigner, testSigner } from '../setup/request-signer.js'
import { ACCOUNT_A } from '../setup/wallet.js'
import { reported } from './reported.js'

// Problems that were reported about the authentication of sockets and links.

const DAY_MS = 86_400_000
const AUDIENCE = 'wss://api.example.com/live'
let signer: TestSigner
let weekly: Cacao
let otherDevice: Cacao
beforeAll(async () => {
  signer = await testSigner()
  const exp = new Date(NOW + 7 * DAY_MS).toISOString()
  weekly = (await testSigner('P-256', { exp })).cacao
  otherDevice = (await testSigner('Ed25519', { exp })).cacao
})
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'], now: NOW })
})
afterEach(() => {
  vi.useRealTimers()
})

const now = (): number => NOW
const token = (): Promise<string> => createToken(signer, { audience: AUDIENCE }, now)
const { authority: _, ...acceptingTokens } = accepting
const verifier = (options: object = {}) =>
  tokenVerifier({ ...acceptingTokens, audience: AUDIENCE, ...options })
const codeOf = ({ reason }: AbortSignal): string => (reason as SessionError | undefined)?.code ?? 'open'

describe('sockets', () => {
  reported([
    {
      report: 'websockets/ws#1653',
      title: 'end when their session is revoked',
      async test() {
        const revocation = memoryRevocation()
        const ended = untilSessionEnds({ cacao: weekly }, { revocation })
        await revocation.revoke(weekly)
        await vi.advanceTimersByTimeAsync(0)
        expect(codeOf(ended)).toBe('ERR_CAPABILITY_REVOKED')
      },
    },
    {
      report: 'mattermost/mattermost#7981',
      title: 'of all devices end when the account is revoked',
      async test() {
        const revocation = memoryRevocation()
        const ended = [weekly, otherDevice].map((cacao) => untilSessionEnds({ cacao }, { revocation }))
        await revocation.revokeAll(ACCOUNT_A)
        await vi.advanceTimersByTimeAsync(0)
        expect(ended.map(codeOf)).toEqual(['ERR_CAPABILITY_REVOKED', 'ERR_CAPABILITY_REVOKED'])
      },
    },
    {
      report: 'mcdonc/klangk#3152',
      title: 'of other devices stay open when one device is revoked',
      async test() {
        const revocation = memoryRevocation()
        const ended = [weekly, otherDevice].map((cacao) => untilSessionEnds({ cacao }, { revocation }))
        await revocation.revoke(weekly)
        await vi.advanceTimersByTimeAsync(60_000)
        expect(ended.map(codeOf)).toEqual(['ERR_CAPABILITY_REVOKED', 'open'])
      },
    },
    {
      report: 'theopensystemslab/planx-new#4416',
      title: 'end when their session expires',
      async test() {
        const ended = untilSessionEnds({ cacao: weekly }, { revocation: false })
        vi.advanceTimersByTime(7 * DAY_MS - 1)
        expect(codeOf(ended)).toBe('open')
        vi.advanceTimersByTime(1)
        expect(codeOf(ended)).toBe('ERR_CAPABILITY_EXPIRED')
      },
    },
    {
      report: 'kagura-agent/cove#271',
      title: 'end on time for a far or a past expiry',
      async test() {
        const far = (await testSigner('P-256', { exp: new Date(NOW + 60 * DAY_MS).toISOString() })).cacao
        const past = (await testSigner('P-256', { exp: new Date(NOW - 1).toISOString() })).cacao
        const ended = [far, past].map((cacao) => untilSessionEnds({ cacao }, { revocation: false }))
        vi.advanceTimersByTime(59 * DAY_MS)
        expect(ended.map(codeOf)).toEqual(['open', 'ERR_CAPABILITY_EXPIRED'])
      },
    },
  ])
})

describe('tokens', () => {
  reported([
    {
      report: 'veryfront/veryfront-code#583',
      title: 'fit into a WebSocket subprotocol',
      async test() {
        expect(await token()).toMatch(/^[-!#$%&'*+.^_`|~\w]+$/)
      },
    },
    {
      report: 'qhkm/zeptoclaw#653',
      title: 'can not be used again by someone who reads them in a log',
      async test() {
        const verify = verifier({ replay: memoryReplay({ now }) })
        const logged = await token()
        await verify(logged)
        await expectCode('ERR_REQUEST_REPLAYED', () => verify(logged))
      },
    },
    {
      report: 'openid-certification/oidctest#139',
      title: 'are refused if the public key was used as an HMAC secret',
      async test() {
        const [head = '', body = ''] = (await token()).split('.')
        const secret = knownKey(signer.key.did)?.bytes ?? expect.fail('no key')
        const header = atob(head.replace(/-/g, '+').replace(/_/g, '/')).replace('"ES256"', '"HS256"')
        const input = `${toBase64url(utf8(header))}.${body}`
        const forged = `${input}.${toBase64url(hmac(sha256, secret, utf8(input)))}`
        await expectCode('ERR_JWS_INVALID', () => verifier()(forged))
      },
    },
  ])
})

/** Signs the URL, and returns the URL that the server has verified. */
async function opened(url: string): Promise<string> {
  const verify = requestVerifier({ ...accepting, signedURLs: true })
  return (await verify(new Request(await signURL(signer, url, {}, now)))).url
}

describe('signed URLs', () => {
  reported([
    {
      report: 'xcir/libvmod-awsrest#24',
      title: 'may have parameters without a value',
      async test() {
        for (const query of ['?x', '?x=', '?', '?x&y', '?=', '?&'])
          expect(await opened(`https://api.example.com/notes/1${query}`)).toBe(
            `https://api.example.com/notes/1${query}`,
          )
      },
    },
    {
      report: 'yoshidan/google-cloud-rust#298',
      title: 'may have unsorted parameters',
      async test() {
        const url = 'https://api.example.com/notes/1?b=2&a=1&b=1&A=0'
        expect(await opened(url)).toBe(url)
      },
    },
    {
      report: 'NetSPI/AWSSigner#15',
      title: 'may have encoded parameters',
      async test() {
        const url = 'https://api.example.com/notes/1?mail=bob%2Bbeans%40example.com&name=K%C3%A4the+B'
        expect(await opened(url)).toBe(url)
      },
    },
  ])
})
