import { execFile } from 'node:child_process'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { fileStore } from '../../src/node/file-store.js'
import { DIDSession } from '../../src/session/did-session.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { freePort } from '../engines/free-port.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A, KEY_B } from '../setup/wallet.js'
import { type APIServer, startAPI } from './api-server.js'
import { type Machine, machine } from './run-cli.js'

const resources = ['https://api.example.com/*']
const auth = (key: string = KEY_A, domain = 'app.example.com') => ethereumAuth(key, undefined, { domain })

let self: Machine
let api: APIServer
beforeEach(async () => {
  ;[self, api] = await Promise.all([machine(), startAPI()])
})

const signIn = (more: object = {}): Promise<DIDSession> =>
  DIDSession.get(ACCOUNT_A, auth(), { resources, store: fileStore(self.store), ...more })
const bodyOf = (printed: string): string => Buffer.from(JSON.parse(printed).body, 'base64').toString()
/** Runs a line in a POSIX shell, as a person would. */
const shell = (line: string, cwd: string): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile('sh', ['-c', line], { cwd }, (error, stdout) => (error ? reject(error) : resolve(stdout)))
  })

/** Lets the test decide when the time limit of a request is over, however fast the machine is. */
function timeLimit(): { readonly asked: readonly number[]; end(): void } {
  const asked: number[] = []
  const controller = new AbortController()
  const spy = vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    asked.push(ms)
    return controller.signal
  })
  onTestFinished(() => spy.mockRestore())
  return { asked, end: () => controller.abort(new DOMException('The time is up', 'TimeoutError')) }
}

describe('cacao-session request', () => {
  it('sends a request that the stored session signs, and prints only the answer', async () => {
    const { keyDID } = await signIn()
    const answer = JSON.parse(await self.ok(['request', `${api.origin}/notes?page=1`]))
    expect(answer).toMatchObject({ account: ACCOUNT_A, keyDID, method: 'GET', body: '' })
  })

  it('sends methods, headers and bodies as curl does, byte by byte', async () => {
    await signIn()
    const url = `${api.origin}/notes`
    const form = JSON.parse(await self.ok(['request', url, '-d', 'a=1&b=ü', '-H', 'X-Note: hi: there']))
    expect(form).toMatchObject({
      method: 'POST',
      type: 'application/x-www-form-urlencoded',
      note: 'hi: there',
    })
    expect(Buffer.from(form.body, 'base64').toString()).toBe('a=1&b=ü')
    const json = await self.ok(['request', url, '-X', 'put', '--json', '@-'], { stdin: '{"a":\n1}\n' })
    expect(JSON.parse(json)).toMatchObject({ method: 'PUT', type: 'application/json' })
    expect(bodyOf(json)).toBe('{"a":\n1}\n')
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
    const binary = await self.ok([
      'request',
      url,
      '-d',
      `@${await self.file('bytes', bytes)}`,
      '-H',
      'Content-Type: a/b',
    ])
    expect(JSON.parse(binary)).toMatchObject({ type: 'a/b', body: Buffer.from(bytes).toString('base64') })
  })

  it('reads a session string from a file, a variable or stdin', async () => {
    const session = await DIDSession.authorize(auth(), { resources })
    const url = `${api.origin}/notes`
    const fromEnv = await self.ok(['request', url, '--session-env', 'SESSION'], {
      env: { SESSION: session.serialize() },
    })
    expect(JSON.parse(fromEnv).keyDID).toBe(session.keyDID)
    const encrypted = await session.serialize({ password: 'long enough' })
    const args = ['request', url, '--session-stdin', '--password-file', await self.file('pw', 'long enough')]
    expect(JSON.parse(await self.ok(args, { stdin: encrypted })).keyDID).toBe(session.keyDID)
    expect(
      await self.call(['request', url, '--session-stdin', '--account', ACCOUNT_A], { stdin: encrypted }),
    ).toMatchObject({ code: 2 })
  })

  it('acts for the given account, or else for the account that was used last', async () => {
    const store = fileStore(self.store)
    await signIn()
    await DIDSession.get(ACCOUNT_B, auth(KEY_B), { resources, store })
    const accountOf = async (...args: string[]): Promise<string> =>
      JSON.parse(await self.ok(['request', `${api.origin}/notes`, ...args])).account
    expect(await accountOf()).toBe(ACCOUNT_B)
    expect(await accountOf('--account', `did:pkh:${ACCOUNT_A}`)).toBe(ACCOUNT_A)
  })

  it('prints the command for curl, which the server accepts once', async () => {
    await signIn()
    const url = `${api.origin}/notes?q=it's[1]{a,b}&$HOME`
    const line = await self.ok(['request', url, '-X', 'POST', '-d', `it's "$HOME" \`id\`\n@x`, '--curl'])
    expect(line.trim().split('\n')).toHaveLength(2) // the body has a line break
    const answer = await shell(line.replace('curl', 'curl -sS'), self.folder)
    expect(JSON.parse(answer)).toMatchObject({ account: ACCOUNT_A, method: 'POST' })
    expect(bodyOf(answer)).toBe(`it's "$HOME" \`id\`\n@x`)
    expect(await shell(line.replace('curl', 'curl -sS'), self.folder)).toBe('{"code":"ERR_REQUEST_REPLAYED"}')
  })

  it('prints a command in which curl reads the body from its file', async () => {
    await signIn()
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
    const line = await self.ok([
      'request',
      `${api.origin}/notes`,
      '-d',
      `@${await self.file("it's bytes", bytes)}`,
      '--curl',
    ])
    expect(JSON.parse(await shell(line.replace('curl', 'curl -sS'), self.folder)).body).toBe(
      Buffer.from(bytes).toString('base64'),
    )
    const run = await self.call(['request', `${api.origin}/notes`, '-d', '@-', '--curl'], { stdin: bytes })
    expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('@FILE') })
  })

  it('shows the headers of the answer, with --include', async () => {
    await signIn()
    const [head, body] = (await self.ok(['request', `${api.origin}/notes`, '-i'])).split('\n\n')
    expect(head).toMatch(/^HTTP 200 OK\n/)
    expect(head).toContain('content-type: application/json')
    expect(JSON.parse(body ?? '')).toMatchObject({ account: ACCOUNT_A })
  })

  it('escapes control characters in headers', async () => {
    await signIn()
    const printed = await self.ok(['request', `${api.origin}/odd`, '-i'])
    expect(printed).toMatch(/^HTTP 200 O\ufffdK\n/)
    expect(printed).toContain('x-odd: a\\u{9b}2Jb ü\n')
  })

  it.each(['1h', '4w', '9w'])('accepts a time limit of %s, longer than timers can wait', async (duration) => {
    await signIn()
    expect(await self.ok(['request', `${api.origin}/notes`, '-m', duration])).toContain(ACCOUNT_A)
  })

  it('reads the reason of a refusal while it prints the answer, up to 64 kB', async () => {
    await signIn()
    const refused = (size: number): Promise<{ stdout: string; stderr: string }> =>
      self.call(['request', `${api.origin}/refused?${size}`])
    const short = await refused(60_000)
    expect(JSON.parse(short.stdout).more).toHaveLength(60_000)
    expect(short.stderr).toMatch(
      /answered 403 Forbidden\nERR_REQUEST_REPLAYED: the request was already received/,
    )
    const long = await refused(70_000)
    expect(JSON.parse(long.stdout).more).toHaveLength(70_000)
    expect(long.stderr).toBe('cacao-session: the server answered 403 Forbidden\n')
  })

  it('prints an endless answer as it arrives, until the time is up', async () => {
    await signIn()
    const limit = timeLimit()
    const run = await self.call(['request', `${api.origin}/unfinished?500`, '-m', '4s'], {
      onStdout: (printed) => {
        if (printed === '{"a":"') limit.end()
      },
    })
    expect(limit.asked).toEqual([4000])
    expect(run).toMatchObject({
      code: 4,
      stdout: '{"a":"',
      stderr: expect.stringContaining('it took too long'),
    })
  })

  it('gives up on a server that never answers when the time is up, with exit code 4', async () => {
    await signIn()
    const limit = timeLimit()
    const run = self.call(['request', `${api.origin}/slow`, '-m', '1s'])
    await api.isWaitedFor
    limit.end()
    expect(await run).toMatchObject({ code: 4, stderr: expect.stringContaining('it took too long') })
    expect(limit.asked).toEqual([1000])
  })

  it('explains why the server refuses, and what to do, with exit code 4', async () => {
    const refused = async (session: DIDSession): Promise<object> =>
      self.call(['request', `${api.origin}/notes`, '--session-env', 'S'], { env: { S: session.serialize() } })
    expect(await refused(await DIDSession.authorize(auth(KEY_A, 'evil.example.com'), { resources }))).toEqual(
      {
        code: 4,
        stdout: '{"code":"ERR_CAPABILITY_DOMAIN"}',
        stderr: expect.stringMatching(/answered 401 Unauthorized\nERR_CAPABILITY_DOMAIN: .*--domain/),
      },
    )
    expect(
      await refused(await DIDSession.authorize(auth(), { resources: ['https://api.example.com/other'] })),
    ).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/answered 403 Forbidden\nERR_CAPABILITY_RESOURCES: .*renew --resource/),
    })
  })

  it('does not follow redirects, and fails with exit code 4 for redirects and server errors', async () => {
    await signIn()
    const run = (path: string, ...more: string[]): Promise<object> =>
      self.call(['request', `${api.origin}${path}`, ...more])
    expect(await run('/moved')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('redirects (307) to /notes'),
    })
    expect(await run('/broken')).toEqual({
      code: 4,
      stdout: 'broken\n',
      stderr: 'cacao-session: the server answered 500 Internal Server Error\n',
    })
    const closed = `http://127.0.0.1:${await freePort()}`
    const nowhere = await self.call(['request', `${closed}/`])
    expect(nowhere).toMatchObject({
      code: 4,
      stderr: `cacao-session: ${closed} cannot be reached: ECONNREFUSED\n`,
    })
  })

  it('reports with exit code 3 that there is no session, and how to get one', async () => {
    const run = (...args: string[]): Promise<object> => self.call(['request', `${api.origin}/notes`, ...args])
    expect(await run()).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringContaining('cacao-session authorize'),
    })
    await signIn({ now: () => Date.now() - 9 * 86_400_000 })
    expect(await run()).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/expired at .*2 days ago.*cacao-session renew/),
    })
    expect(await run('--account', ACCOUNT_B)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('cacao-session list'),
    })
  })

  it('reports with exit code 1 that the file is not a session store', async () => {
    await self.file('sessions', '{"hello":1}')
    expect(await self.call(['request', `${api.origin}/notes`])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('ERR_STORE_CORRUPT'),
    })
  })

  it.each([['--data', `${'ab'.repeat(32)}`], [`--data=${'ab'.repeat(32)}`]])(
    'sends a body that looks like a secret: %s',
    async (...data) => {
      await signIn()
      expect(bodyOf(await self.ok(['request', `${api.origin}/notes`, ...data]))).toBe('ab'.repeat(32))
    },
  )

  it.each([
    ['no URL', ['notes'], 'must begin with https://'],
    [
      'a URL with a password',
      ['https://me:secret@api.example.com/'],
      'must not contain a user name or a password',
    ],
    ['a header that is none', ['https://api.example.com/', '-H', 'Accept'], '--header must be'],
    ['a GET with a body', ['https://api.example.com/', '-X', 'GET', '-d', 'a'], 'cannot have a body'],
    ['two bodies', ['https://api.example.com/', '-d', 'a', '--json', 'a'], 'either --data or --json'],
    [
      'another Authorization',
      ['https://api.example.com/', '-H', 'Authorization: Basic x'],
      'already has an Authorization',
    ],
  ])('refuses %s with exit code 2', async (_, args, words) => {
    await signIn()
    expect(await self.call(['request', ...args, '--curl'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(words),
    })
  })
})
