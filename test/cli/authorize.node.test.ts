import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import { accountVerifiers } from '../../src/cli/grant.js'
import { fileStore } from '../../src/node/file-store.js'
import { DIDSession } from '../../src/session/did-session.js'
import { ACCEPTED, REFUSED } from '../setup/fake-chain.js'
import { startRPC } from '../setup/rpc-server.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A, KEY_B } from '../setup/wallet.js'
import { type Machine, machine } from './run-cli.js'

const NOTES = 'https://api.example.com/notes'
const GRANT = ['--domain', 'app.example.com', '--resource', NOTES]

const SOLANA = JSON.stringify(Array.from({ length: 64 }, (_, i) => i))

const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }) as string
const ED25519 = pem(generateKeyPairSync('ed25519').privateKey)

let self: Machine
beforeEach(async () => {
  self = await machine()
})

describe('cacao-session authorize', () => {
  it('keeps a session for a week, in a file that only its owner can read', async () => {
    const printed = await self.authorize('--resource', NOTES, '--ability', `notes/read=${NOTES}`)
    for (const words of [
      ACCOUNT_A,
      'did:key:z6Mk',
      NOTES,
      `notes/read with ${NOTES}`,
      'app.example.com',
      'in 7 days',
      self.store,
    ])
      expect(printed).toContain(words)
    expect(statSync(self.store).mode & 0o777).toBe(0o600)
    const [stored] = JSON.parse(await self.ok(['list', '--json']))
    expect(printed).toContain(stored.keyDID)
  })

  it('stores the session in the data directory, unless an option or a variable names a file', async () => {
    const env = { CACAO_SESSION_STORE: '', XDG_DATA_HOME: self.folder }
    const { store } = JSON.parse(
      await self.ok(['authorize', ...GRANT, '--key-file', self.keyFile, '--json'], { env }),
    )
    expect(store).toBe(`${self.folder}/cacao-session/sessions`)
    // A relative XDG_DATA_HOME must be ignored (XDG base directories).
    const relative = { ...env, XDG_DATA_HOME: 'data' }
    expect((await self.run(['list'], { env: relative })).stderr).toContain(
      `${self.folder}/.local/share/cacao-session/sessions`,
    )
    expect(await self.ok(['list', '--store', store])).toContain(ACCOUNT_A)
  })

  it.each([
    ['a file', ['--key-file', 'key'], {}],
    ['an environment variable', ['--key-env', 'MY_KEY'], { env: { MY_KEY: KEY_A } }],
    ['stdin', ['--key-stdin'], { stdin: `${KEY_A.slice(2)}\n` }],
  ])('reads the key from %s', async (_, source, given) => {
    const { account, expiresInSecs } = JSON.parse(
      await self.ok(['authorize', ...GRANT, '-e', '12h', '--json', ...source], given),
    )
    expect(account).toBe(ACCOUNT_A)
    expect(expiresInSecs).toBeGreaterThan(42_600)
    expect(expiresInSecs).toBeLessThanOrEqual(43_200)
  })

  it('accepts every kind of key, and the capabilities verify', async () => {
    const ec = (namedCurve: string): string => pem(generateKeyPairSync('ec', { namedCurve }).privateKey)
    const cases: [key: string, type: string | undefined, account: RegExp][] = [
      [KEY_B, undefined, new RegExp(ACCOUNT_B)],
      [KEY_A, 'ed25519', /^did:key:z6Mk/],
      [KEY_A, 'p256', /^did:key:zDn/],
      [KEY_A, 'secp256k1', /^did:key:zQ3s/],
      [ED25519, undefined, /^did:key:z6Mk/],
      [ED25519, 'solana', /^solana:/],
      [ec('P-256'), undefined, /^did:key:zDn/],
      [ec('secp256k1'), undefined, /^eip155:1:/],
      [SOLANA, undefined, /^solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:/],
    ]
    for (const [i, [key, type, account]] of cases.entries()) {
      const file = await self.file(`key-${i}`, key)
      const store = `${self.store}-${i}`
      const args = ['authorize', ...GRANT, '--key-file', file, ...(type ? ['--key-type', type] : [])]
      const report = JSON.parse(await self.ok([...args, '--store', store, '--json']))
      expect(report.account).toMatch(account)
      const [record] = await fileStore(store).read('default')
      const { cacao } = record as { cacao: unknown }
      await verifyCacao(cacao, { verifiers: accountVerifiers(undefined), issuer: report.account })
    }
  })

  it('prints only the session and stores nothing, with --print-session', async () => {
    const string = await self.authorize('--resource', NOTES, '--print-session')
    const session = await DIDSession.fromSession(string.trim())
    expect(session.id).toBe(`did:pkh:${ACCOUNT_A}`)
    expect((await self.call(['list'])).stderr).toContain('no session is stored')
  })

  it('encrypts the printed session with a password', async () => {
    const string = await self.authorize(
      '--resource',
      NOTES,
      '--print-session',
      '--password-file',
      await self.file('pw', 'long enough\n'),
    )
    expect((await DIDSession.fromSession(string.trim(), { password: 'long enough' })).id).toContain(ACCOUNT_A)
    const env = { PW: 'long enough' }
    expect(await self.ok(['inspect', '--password-env', 'PW'], { stdin: string, env })).toContain(ACCOUNT_A)
    const wrong = await self.call(['inspect', '--password-env', 'PW'], {
      stdin: string,
      env: { PW: 'another' },
    })
    expect(wrong).toMatchObject({ code: 1, stdout: '' })
    expect(wrong.stderr).toContain('ERR_SESSION_STRING')
  })

  it('signs in again only if necessary, with --min-validity', async () => {
    const again = async (...args: string[]): Promise<{ isNew: boolean; keyDID: string }> =>
      JSON.parse(await self.authorize('--json', '--resource', ...args))
    const first = await again(NOTES, '--min-validity', '1d')
    const second = await again(NOTES, '--min-validity', '1d')
    const longer = await again(NOTES, '--min-validity', '30d', '-e', '60d')
    const other = await again('https://api.example.com/other', '--min-validity', '1d')
    expect([first, second, longer, other].map(({ isNew }) => isNew)).toEqual([true, false, true, true])
    expect(second.keyDID).toBe(first.keyDID)
    expect((await again(NOTES)).isNew).toBe(true)
  })

  it('signs in again, with --min-validity, if the stored session is for another domain', async () => {
    const again = async (domain: string, ...more: string[]) =>
      JSON.parse(
        await self.authorize('-r', NOTES, '-d', domain, '--min-validity', '1d', '--json', ...more),
      ) as { isNew: boolean; keyDID: string; domain: string; resources: string[] }
    const first = await again('app.example.com', '-e', '30d', '-r', 'https://api.example.com/more')
    const other = await again('other.example.com')
    expect(other).toMatchObject({ isNew: true, domain: 'other.example.com', resources: [NOTES] })
    // Each domain keeps its own session, whichever session expires last.
    expect(await again('other.example.com')).toMatchObject({ isNew: false, keyDID: other.keyDID })
    expect(await again('app.example.com')).toMatchObject({ isNew: false, keyDID: first.keyDID })
  })

  it.each([['--nonce', 'ab'.repeat(32)], [`--nonce=${'ab'.repeat(32)}`]])(
    'accepts a nonce that looks like a secret: %s',
    async (...nonce) => {
      const string = await self.authorize('-r', NOTES, ...nonce, '--print-session')
      expect((await DIDSession.fromSession(string.trim())).cacao.p.nonce).toBe('ab'.repeat(32))
    },
  )

  it('warns if other users can read the key, but still signs in', async () => {
    const file = await self.file('open-key', KEY_A, 0o644)
    const { code, stderr } = await self.call(['authorize', ...GRANT, '--key-file', file])
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: `cacao-session: warning: other users can read ${file}: run chmod 600 ${file}\n`,
    })
  })

  it.each([
    ['a key as an argument', ['--key', KEY_A], 'given as an argument'],
    ['a key behind an equals sign', [`--private-key=${KEY_A}`], 'given as an argument'],
    ['a key in place of a file', ['--key-file', KEY_A], 'given as an argument'],
    ['a key in place of a variable', ['--key-env', KEY_A.slice(2)], 'given as an argument'],
    ['a key in an option that there is not', [`--foo=${KEY_A}`], 'given as an argument'],
    ['a key with the end of its line', ['--key-file', `${KEY_A}\r`], 'given as an argument'],
    ['a key with a space', ['--key-env', `${KEY_A} `], 'given as an argument'],
    ["Solana's key in place of a file", ['--key-file', SOLANA], 'given as an argument'],
    [
      "Solana's key in place of a variable",
      ['--key-env', JSON.stringify(JSON.parse(SOLANA), null, 2)],
      'given as an argument',
    ],
    ['a key after --json', ['--json', `--key=${KEY_A}`], 'given as an argument'],
    ['a key as the statement', [`--statement=${KEY_A}`], 'given as an argument'],
    ['a path with a key in it', ['--key-file', `./${KEY_A}`], 'from ./…: ENOENT'],
    ["a path with Solana's key in it", ['--key-file', `./${SOLANA}`], 'ENOENT'],
    ['a file with an odd name', ['--key-file', '[1, 2]'], 'from [1, 2]: ENOENT'],
    ['no key', [], '--key-file, --key-env or --key-stdin'],
    ['two keys', ['--key-file', 'key', '--key-stdin'], 'only come from one place'],
    ['a variable that is not set', ['--key-env', 'NOWHERE'], 'NOWHERE is not set'],
    [
      'a file that is not there',
      ['--key-file', '/nowhere/key'],
      "can't read the private key from /nowhere/key: ENOENT",
    ],
    ['stdin that is empty', ['--key-stdin'], 'is empty'],
    ['a key that is none', ['--key-env', 'HOME'], 'is malformed'],
    ['a kind of key that there is not', ['--key-file', 'key', '--key-type', 'rsa'], 'ethereum, solana'],
    [
      'a chain for a bare key',
      ['--key-file', 'key', '--key-type', 'p256', '--chain-id', '5'],
      'only work with an Ethereum key',
    ],
    ['a duration that is none', ['--key-file', 'key', '-e', '7 days'], '"7 days" is not a duration'],
    ['an ability that is none', ['--key-file', 'key', '-a', 'notes/read'], '--ability must be'],
    [
      'a password where nothing is printed',
      ['--key-file', 'key', '--password-env', 'HOME'],
      '--print-session',
    ],
    [
      'two secrets from stdin',
      ['--print-session', '--key-stdin', '--password-stdin'],
      "can't both be read from stdin",
    ],
  ])('refuses %s, with exit code 2', async (_, args, words) => {
    const run = await self.call(['authorize', ...GRANT, ...args], {
      stdin: args.includes('--password-stdin') ? KEY_A : '',
    })
    expect(run).toMatchObject({ code: 2, stdout: '' })
    expect(run.stderr).toContain(words)
    expect(run.stderr).not.toMatch(/\b13,\s*14\b/)
    await expect(readFile(self.store)).rejects.toThrow('ENOENT')
  })

  it('signs in as a contract account that accepts the key, and renews', async () => {
    const contract = 'eip155:8453:0x00000000000000000000000000000000000000cc'
    const answers: Record<string, string> = { eth_chainId: '0x2105', eth_call: ACCEPTED }
    const { url } = await startRPC((response, { method }) => {
      response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: answers[method] }))
    })
    const rpc = ['--rpc', url]
    const report = JSON.parse(
      await self.authorize(
        '-r',
        NOTES,
        '--account',
        `did:pkh:${contract.replace('cc', 'CC')}`,
        ...rpc,
        '--json',
      ),
    )
    expect(report).toMatchObject({ account: contract, signatureType: 'eip1271' })
    expect(await self.ok(['inspect', '--account', contract, ...rpc])).toContain('good:')
    expect(await self.ok(['inspect', '--account', contract])).toContain('ERR_CAPABILITY_UNSUPPORTED')
    const renewed = JSON.parse(await self.ok(['renew', '--key-file', 'key', ...rpc, '--json']))
    expect(renewed).toMatchObject({ account: contract, signatureType: 'eip1271' })
    answers['eth_call'] = REFUSED
    const refused = await self.call(['renew', '--key-file', 'key', ...rpc])
    expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('ERR_') })
  })

  it.each([
    ['an Ed25519 key where P-256 is asked for', ED25519, 'p256', 'which cannot be used as type p256'],
    [
      'a public key',
      generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }) as string,
      'ed25519',
      'PEM',
    ],
    [
      'a key of another curve',
      pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey),
      'p256',
      'Ed25519, P-256 or secp256k1',
    ],
    ['too few numbers', '[1,2,3]', 'solana', 'is malformed'],
    [
      "Solana's numbers where Ethereum is asked for",
      JSON.stringify(Array(64).fill(1)),
      'ethereum',
      'a Solana key',
    ],
    ['zero', '00'.repeat(32), 'secp256k1', 'must be a valid private key'],
  ])('refuses %s as a private key', async (_, key, type, words) => {
    const run = await self.call(['authorize', ...GRANT, '--key-stdin', '--key-type', type], { stdin: key })
    expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(words) })
  })

  it('reads the same password from files with and without Windows’ byte order mark and line end', async () => {
    const files = ['long enough\n', '\ufefflong enough\r\n']
    const [unix = '', windows = ''] = await Promise.all(
      files.map((text, i) => self.file(`password-${i}`, text)),
    )
    const args = ['authorize', ...GRANT, '--key-file', 'key', '--print-session', '--password-file', windows]
    const { stdout } = await self.call(args)
    const read = (file: string) =>
      self.call(['inspect', '--json', '--password-file', file], { stdin: stdout })
    expect([(await read(unix)).code, (await read(windows)).code]).toEqual([0, 0])
    expect((await read(await self.file('other', 'long enough?'))).code).toBe(1)
  })

  it('requires resources or abilities, and a domain', async () => {
    const key = ['--key-file', 'key']
    expect((await self.call(['authorize', ...key, '-d', 'app.example.com'])).stderr).toContain(
      '--resource or --ability',
    )
    expect((await self.call(['authorize', ...key, '-r', NOTES])).stderr).toContain(
      "required option '-d, --domain <host>'",
    )
    const odd = await self.call(['authorize', ...key, '-d', 'not^a^host', '-r', NOTES])
    expect(odd).toMatchObject({ code: 1, stderr: expect.stringContaining('ERR_CAPABILITY_INVALID') })
    for (const domain of ['not a host', 'app.example.com\r', 'böse.example']) {
      const wrong = await self.call(['authorize', ...key, '-d', domain, '-r', NOTES])
      expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('--domain must be a host') })
      expect(wrong.stderr).not.toContain('\r')
    }
  })

  it.each([
    [
      'a resource without its scheme',
      ['-r', 'api.example.com/*'],
      'is not a URI, or has . or .. segments: write https://api.example.com/*',
    ],
    ['a resource that is none', ['-r', 'my notes'], 'write a URI, such as https://'],
    [
      'a resource of a host and a port',
      ['-r', 'localhost:5173/api/*'],
      '--resource localhost:5173/api/* has no scheme: write http://localhost:5173/api/*',
    ],
    ['a resource beside another', ['-r', NOTES, '-r', '/notes'], '--resource /notes is not a URI'],
    ['a path', ['-r', '/notes/*'], 'write a URI, such as https://api.example.com/notes/*'],
    [
      'more time than there is by default',
      ['-r', NOTES, '--min-validity', '7d'],
      '--min-validity must be less than --expires-in',
    ],
    [
      'more time than was asked for',
      ['-r', NOTES, '-e', '1d', '--min-validity', '2d'],
      '--min-validity must be less',
    ],
  ])('suggests what to write instead of %s', async (_, args, words) => {
    const run = await self.call(['authorize', '--key-file', 'key', '-d', 'app.example.com', ...args])
    expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(words) })
  })
})
