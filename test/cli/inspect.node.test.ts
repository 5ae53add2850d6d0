import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { toBase64url } from '../../src/base/multibase.js'
import { encodeDagJSON } from '../../src/capability/dag-json.js'
import { recapStatement, toRecap } from '../../src/capability/recap.js'
import { toDID } from '../../src/compat/dids.js'
import { fileStore } from '../../src/node/file-store.js'
import { DIDSession } from '../../src/session/did-session.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A } from '../setup/wallet.js'
import { type Machine, machine } from './run-cli.js'

const NOTES = 'https://api.example.com/notes/*'
const DAY = 86_400_000
const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example.com' })

let session: DIDSession
let old: DIDSession
beforeAll(async () => {
  session = await DIDSession.authorize(auth, { resources: [NOTES] })
  old = await DIDSession.authorize(auth, { resources: [NOTES], now: () => Date.now() - 9 * DAY })
})

let self: Machine
beforeEach(async () => {
  self = await machine()
})

/** The same capability with the account replaced. */
const forged = (): object => ({ ...session.cacao, p: { ...session.cacao.p, iss: `did:pkh:${ACCOUNT_B}` } })

describe('cacao-session inspect', () => {
  it('describes a session string without its secret', async () => {
    const printed = await self.ok(['inspect', await self.file('session', session.serialize())])
    for (const words of [
      'A session',
      ACCOUNT_A,
      session.keyDID,
      NOTES,
      'app.example.com',
      'in 7 days',
      'good:',
    ])
      expect(printed).toContain(words)
    expect(printed).not.toContain('\u001b')
  })

  it('reads what authorize prints', async () => {
    const string = await self.authorize('--resource', NOTES, '--print-session')
    const report = JSON.parse(await self.ok(['inspect', '--json'], { stdin: string }))
    expect(report).toMatchObject({
      kind: 'session',
      account: ACCOUNT_A,
      domain: 'app.example.com',
      resources: [NOTES],
      isAccepted: true,
      problems: [],
    })
    expect(new Date(report.expiresAt).getTime() - new Date(report.issuedAt).getTime()).toBe(7 * DAY)
  })

  it('lists everything that is wrong, with exit code 0 because the input could be read', async () => {
    const printed = await self.ok(['inspect', '-'], { stdin: encodeDagJSON(forged()) })
    expect(printed).toContain(ACCOUNT_B)
    expect(printed).toContain('ERR_CAPABILITY_SIGNATURE')
    const expired = await self.ok(['inspect'], { stdin: old.serialize() })
    expect(expired).toContain('expired')
    expect(expired).toContain('2 days ago')
    expect(expired).toContain('ERR_CAPABILITY_EXPIRED')
  })

  it('says why a request was refused, from the headers that curl -v shows', async () => {
    const request = await session.signRequest(new Request('https://api.example.com/notes/1'))
    const shownBy = (headers: Headers): string =>
      Array.from(headers, ([name, value]) => `> ${name}: ${value}\r\n`).join('')
    const good = JSON.parse(
      await self.ok(['inspect', '--json'], {
        stdin: `* Connected\n> GET /notes/1 HTTP/2\r\n${shownBy(request.headers)}`,
      }),
    )
    expect(good).toMatchObject({ kind: 'request', keyDID: session.keyDID, problems: [] })
    const input = request.headers.get('signature-input') ?? ''
    const headers = new Headers(request.headers)
    headers.set(
      'signature-input',
      input.replace(/expires=[0-9]+/, 'expires=1700000000').replaceAll(session.keyDID, old.keyDID),
    )
    const stale = await self.ok(['inspect'], { stdin: shownBy(headers) })
    expect(stale).toContain('ERR_REQUEST_STALE')
    expect(stale).toContain('ERR_CAPABILITY_AUDIENCE')
    const bare = await self.ok(['inspect'], { stdin: request.headers.get('authorization') ?? '' })
    expect(bare).toContain('ERR_REQUEST_UNSIGNED')
  })

  it('shows a delegated capability, and the keys that delegated it', async () => {
    const cacao = await session.delegate({
      audience: old.keyDID,
      resources: ['https://api.example.com/notes/1'],
      expiresInSecs: 3600,
    })
    const printed = await self.ok(['inspect'], { stdin: encodeDagJSON(cacao) })
    for (const words of [ACCOUNT_A, `by ${session.keyDID}`, old.keyDID, '/notes/1', 'in 60 minutes', 'good:'])
      expect(printed).toContain(words)
  })

  it('shows a stored session, even if it has expired', async () => {
    await DIDSession.get(ACCOUNT_A, auth, {
      resources: [NOTES],
      store: fileStore(self.store),
      now: () => Date.now() - 9 * DAY,
    })
    const printed = await self.ok(['inspect', '--account', ACCOUNT_A])
    expect(printed).toContain('2 days ago')
    expect(printed).toContain('ERR_CAPABILITY_EXPIRED')
    expect(await self.call(['inspect', '--account', ACCOUNT_B])).toMatchObject({ code: 3, stdout: '' })
  })

  it('escapes control characters of a capability', async () => {
    // The guard refuses statements with such characters, but caveats can contain any text.
    const abilities = { 'a:b': { 'a/b': [{ note: 'Grüße \u202egnp.exe\u{e0041}' }] } }
    const p = { ...session.cacao.p, statement: recapStatement(abilities), resources: [toRecap(abilities)] }
    const given = { stdin: encodeDagJSON({ ...session.cacao, p }) }
    expect(await self.ok(['inspect'], given)).toContain('Grüße \\u{202e}gnp.exe\\u{e0041}')
    const json = await self.ok(['inspect', '--json'], given)
    expect(json).not.toMatch(/[\u202e\u{e0041}]/u)
    expect(JSON.parse(json).abilities).toEqual(abilities)
  })

  it('names the hidden characters of a statement that it refuses', async () => {
    const p = { ...session.cacao.p, statement: 'Grüße \u202egnp.exe' }
    const { stderr, stdout } = await self.call(['inspect'], { stdin: encodeDagJSON({ ...session.cacao, p }) })
    expect([stdout, stderr]).toEqual(['', expect.stringContaining('has U+202E at position 7')])
    expect(stderr).not.toContain('\u202e')
  })

  it('escapes control characters in the header of a JWS', async () => {
    const signedUnder = async (cap: string): Promise<string> => {
      const header = { alg: 'EdDSA', kid: session.keyDID, cap }
      const input = [header, { note: 'hello' }]
        .map((part) => toBase64url(utf8(JSON.stringify(part))))
        .join('.')
      return `${input}.${toBase64url(await session.sign(utf8(input)))}`
    }
    expect(await self.ok(['inspect'], { stdin: await signedUnder('ipfs://bafyabc') })).toContain(
      'under  the capability bafyabc',
    )
    for (const cap of ['ipfs://bafy\u001b[2J', 'ipfs://bafy\n  good: all of it']) {
      const run = await self.call(['inspect'], { stdin: await signedUnder(cap) })
      expect(run).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('ERR_JWS_INVALID') })
    }
  })

  it('does not take the name of a member of Object.prototype for a signature type', async () => {
    const cacao = { ...session.cacao, s: { ...session.cacao.s, t: 'constructor' } }
    const printed = await self.ok(['inspect'], { stdin: encodeDagJSON(cacao) })
    expect(printed).toContain('by a bare key (constructor)')
    expect(await self.ok(['inspect'], { stdin: encodeDagJSON(session.cacao) })).toContain(
      "by the account's own key (eip191)",
    )
  })

  // If parsing took quadratic time, each input would take hours.
  it('reads an input of many blank lines in linear time', async () => {
    const blank = '\n'.repeat(2_000_000)
    const other = await self.call(['inspect'], { stdin: `a${blank}b` })
    expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('something else') })
    const { headers } = await session.signRequest(new Request('https://api.example.com/notes/1'))
    const stdin = `${headers.get('authorization')}${blank}Signature-Input: ${headers.get('signature-input')}`
    expect(await self.ok(['inspect'], { stdin })).toContain('good:')
    const unsigned = `${headers.get('authorization')}${blank}b`
    expect(await self.ok(['inspect'], { stdin: unsigned })).toContain('ERR_REQUEST_UNSIGNED')
  })

  it.each([
    ['a file and a stored session', ['key', '--account', ACCOUNT_A], 'either a file'],
    ['a password for what has none', ['--password-env', 'HOME'], 'is not an encrypted one'],
    ['a password for a stored session', ['--account', ACCOUNT_A, '--password-env', 'HOME'], 'have none'],
  ])('refuses %s, with exit code 2', async (_, args, words) => {
    const run = await self.call(['inspect', ...args], { stdin: JSON.stringify(session.cacao) })
    expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(words) })
  })

  it.each([
    ['nothing', '', 'the input is empty'],
    ['something else', 'hello', 'the input is something else'],
    ['other JSON', '{"a":1}', 'the input is something else'],
    ['a capability that is malformed', '{"h":{"t":"caip122"},"p":{},"s":{}}', 'ERR_CAPABILITY_INVALID'],
    ['an encrypted session without its password', 'a.b.c.d.e', 'ERR_SESSION_STRING'],
  ])('refuses %s, with exit code 1', async (_, stdin, words) => {
    const run = await self.call(['inspect'], { stdin })
    expect(run).toMatchObject({ code: 1, stdout: '' })
    expect(run.stderr).toContain(words)
  })

  it('repeats no session string that was given as an argument', async () => {
    const run = await self.call(['inspect', session.serialize()])
    expect(run).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('given as an argument'),
    })
  })
})

describe('cacao-session verify', () => {
  it('accepts a capability that meets all requirements', async () => {
    const asked = [
      '-d',
      'app.example.com',
      '-r',
      'https://api.example.com/notes/1',
      '--issuer',
      ACCOUNT_A,
      '--audience',
      session.keyDID,
      '--nonce',
      session.cacao.p.nonce,
    ]
    const printed = await self.ok(['verify', '-', ...asked], { stdin: JSON.stringify(session.cacao) })
    expect(printed).toMatch(/^good: did:key:\w+ acts for eip155:1:0x\w+ until /)
  })

  it.each([
    ['another domain', ['-d', 'evil.example.com'], 1, 'ERR_CAPABILITY_DOMAIN'],
    ['other resources', ['-r', 'https://api.example.com/'], 1, 'ERR_CAPABILITY_RESOURCES'],
    ['an ability', ['-a', 'notes/read=https://api.example.com/notes'], 1, 'ERR_CAPABILITY_RESOURCES'],
    ['another account', ['--issuer', ACCOUNT_B], 1, 'ERR_CAPABILITY_ISSUER'],
    ['an invalid account', ['--issuer', 'me'], 2, 'issuer must be an account'],
    ['a JWS', ['--capability', 'key'], 2, 'works only with a JWS'],
  ])('refuses a session if %s is required', async (_, args, code, words) => {
    const run = await self.call(['verify', ...args], { stdin: session.serialize() })
    expect(run).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(words) })
  })

  it('refuses a forged capability with exit code 1, and an expired one with 3', async () => {
    const run = await self.call(['verify', '--json'], { stdin: encodeDagJSON(forged()) })
    expect(run).toMatchObject({ code: 1, stderr: '' })
    expect(JSON.parse(run.stdout)).toMatchObject({
      isAccepted: false,
      problems: [{ code: 'ERR_CAPABILITY_SIGNATURE' }],
    })
    expect(await self.call(['verify'], { stdin: old.serialize() })).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('ERR_CAPABILITY_EXPIRED'),
    })
  })

  it('prints JSON with --json for every input that it refuses, and nothing else', async () => {
    const jws = JSON.stringify(await (await toDID(session)).createJWS({ note: 'hello' }))
    const malformed = encodeDagJSON({ ...session.cacao, p: { ...session.cacao.p, aud: 'me' } })
    for (const [stdin, kind, code] of [
      [jws.replace(/"signature":"..../, '"signature":"AAAA'), 'jws', 'ERR_JWS_INVALID'],
      [malformed, 'capability', 'ERR_CAPABILITY_INVALID'],
      ['{}', undefined, 'ERR_CAPABILITY_INVALID'],
      ['nothing that we know', undefined, 'ERR_CAPABILITY_INVALID'],
      [`${session.serialize().slice(0, -8)}AAAAAAAA`, undefined, /^ERR_/],
    ] as const) {
      const run = await self.call(['verify', '--json'], { stdin })
      expect(run).toMatchObject({ code: 1, stderr: '' })
      const printed: unknown = JSON.parse(run.stdout)
      const expected = typeof code === 'string' ? code : expect.stringMatching(code)
      expect(printed).toEqual({
        ...(kind && { kind }),
        isAccepted: false,
        problems: [{ code: expected, message: expect.stringMatching(/./) }],
      })
      expect(await self.call(['verify'], { stdin })).toMatchObject({ code: 1, stdout: '' })
    }
    const wrong = await self.call(['verify', '--json', '--issuer', 'me'], { stdin: session.serialize() })
    expect(wrong).toMatchObject({ code: 2, stdout: '' })
  })

  it("reports that the chain of a contract account can't be reached, with exit code 4", async () => {
    const cacao = { ...session.cacao, s: { t: 'eip1271', s: `0x${'11'.repeat(65)}` } }
    const args = ['verify', '--rpc', 'http://127.0.0.1:1']
    expect(await self.call(args, { stdin: encodeDagJSON(cacao) })).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('ERR_RPC_UNAVAILABLE'),
    })
  })

  it('verifies a JWS, with and without its capability', async () => {
    const jws = JSON.stringify(await (await toDID(session)).createJWS({ note: 'hello' }))
    const file = await self.file('capability.json', encodeDagJSON(session.cacao))
    expect(await self.ok(['verify', '--capability', file, '--issuer', ACCOUNT_A], { stdin: jws })).toContain(
      `for did:pkh:${ACCOUNT_A}`,
    )
    expect(await self.ok(['inspect'], { stdin: jws })).toContain('{"note":"hello"}')
    const other = await self.file('other.json', encodeDagJSON(old.cacao))
    expect(await self.call(['verify', '--capability', other], { stdin: jws })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('ERR_'),
    })
    const changed = jws.replace(/"signature":"..../, '"signature":"AAAA')
    expect(await self.call(['verify'], { stdin: changed })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('ERR_JWS_INVALID'),
    })
  })
})
