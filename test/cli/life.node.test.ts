import { beforeEach, describe, expect, it } from 'vitest'
import { fileStore } from '../../src/node/file-store.js'
import { DIDSession } from '../../src/session/did-session.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { freePort } from '../engines/free-port.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A, KEY_B } from '../setup/wallet.js'
import { type APIServer, startAPI } from './api-server.js'
import { type Machine, machine } from './run-cli.js'

const NOTES = 'https://api.example.com/notes'
const DAY = 86_400_000

let self: Machine
let api: APIServer
beforeEach(async () => {
  ;[self, api] = await Promise.all([machine(), startAPI()])
})

const signIn = (more: object = {}, account = ACCOUNT_A, key: string = KEY_A): Promise<DIDSession> =>
  DIDSession.get(account, ethereumAuth(key, undefined, { domain: 'app.example.com' }), {
    resources: [NOTES],
    store: fileStore(self.store),
    ...more,
  })
const listed = async (): Promise<
  { account: string; keyDID: string; resources: string[]; isExpired: boolean }[]
> => JSON.parse(await self.ok(['list', '--json']))

describe('cacao-session renew', () => {
  it('replaces a session with a new one, to which it can add resources', async () => {
    const { keyDID } = await signIn({ expiresInSecs: 3600, statement: 'Back up my notes.' })
    const more = 'https://api.example.com/more'
    const renewed = JSON.parse(await self.ok(['renew', '--key-file', 'key', '-r', more, '--json']))
    expect(renewed).toMatchObject({
      account: ACCOUNT_A,
      domain: 'app.example.com',
      statement: 'Back up my notes.',
    })
    expect(Math.round(renewed.expiresInSecs / 10)).toBe(360)
    expect(await listed()).toMatchObject([{ keyDID: renewed.keyDID, resources: [NOTES, more] }])
    expect(renewed.keyDID).not.toBe(keyDID)
  })

  it('renews an expired session, on the same chain', async () => {
    const account = ACCOUNT_A.replace(':1:', ':8453:')
    await signIn({ now: () => Date.now() - 9 * DAY }, account)
    expect(await self.ok(['renew', '--key-file', 'key'])).toContain(account)
    expect(await listed()).toMatchObject([{ account, isExpired: false }])
  })

  it('keeps the old session if anything fails', async () => {
    await signIn()
    const before = await listed()
    const other = await self.call(['renew', '--key-env', 'KEY'], { env: { KEY: KEY_B } })
    expect(other).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(`belongs to ${ACCOUNT_B}`),
    })
    expect(await self.call(['renew'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--key-file'),
    })
    expect(await listed()).toEqual(before)
  })

  it('replaces a session string with a new one', async () => {
    const old = await DIDSession.authorize(ethereumAuth(KEY_A, undefined, { domain: 'app.example.com' }), {
      resources: [NOTES],
      now: () => Date.now() - 9 * DAY,
    })
    const given = { env: { S: old.serialize() } }
    const string = await self.ok(
      ['renew', '--session-env', 'S', '--key-file', 'key', '--print-session'],
      given,
    )
    const renewed = await DIDSession.fromSession(string.trim())
    expect(renewed.isAuthorized([NOTES])).toBe(true)
    expect(await self.call(['renew', '--session-env', 'S', '--key-file', 'key'], given)).toMatchObject({
      code: 2,
      stdout: '',
    })
  })

  it('fails if there is no session to renew', async () => {
    expect(await self.call(['renew', '--key-file', 'key'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('authorize'),
    })
  })
})

describe('cacao-session revoke', () => {
  it('asks the server to revoke the session, and removes it here', async () => {
    const string = (await signIn()).serialize()
    expect(await self.ok(['revoke', `${api.origin}/sign-out`])).toContain('no longer acts for')
    expect(await listed()).toEqual([])
    // Another process has a copy of the session string, and has not seen the sign-out.
    const copy = await self.run(['request', `${api.origin}/notes`, '--session-stdin'], { stdin: string })
    expect(copy).toMatchObject({ code: 4, stderr: expect.stringContaining('ERR_CAPABILITY_REVOKED') })
  })

  it('keeps the session if the server does not confirm, with exit code 4', async () => {
    await signIn()
    for (const url of [`${api.origin}/broken`, `http://127.0.0.1:${await freePort()}/`])
      expect(await self.call(['revoke', url])).toMatchObject({
        code: 4,
        stdout: '',
        stderr: expect.stringContaining('ERR_REVOCATION_FAILED'),
      })
    expect(await listed()).toHaveLength(1)
  })

  it('says how to sign out only here if the server does not confirm: with --local, or by deleting the string', async () => {
    const SESSION = (await signIn()).serialize()
    const url = `${api.origin}/broken`
    const stored = await self.call(['revoke', url])
    const [, advised = ''] = /cacao-session (revoke .*)\n$/.exec(stored.stderr) ?? []
    const string = await self.call(['revoke', url, '--session-env', 'SESSION'], { env: { SESSION } })
    expect(string.stderr).toMatch(/delete the session string\n$/)
    expect(stored.stderr + string.stderr).not.toContain('remove()')
    expect(await self.ok(advised.split(' '))).toContain('removed here: 1 session')
  })

  it('removes only the stored sessions of one account, with --local', async () => {
    await signIn()
    await signIn({ now: () => Date.now() - 9 * DAY }, ACCOUNT_B, KEY_B)
    expect(await self.ok(['revoke', '--local', '--account', `did:pkh:${ACCOUNT_B}`])).toBe(
      `removed here: 1 session of ${ACCOUNT_B}\n`,
    )
    expect(await listed()).toMatchObject([{ account: ACCOUNT_A }])
    // No account counts as used last after that, so --account is needed.
    expect(await self.call(['request', `${api.origin}/notes`])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('--account'),
    })
    expect(await self.ok(['request', `${api.origin}/notes`, '--account', ACCOUNT_A])).toContain(ACCOUNT_A)
  })

  it.each([
    ['neither a URL nor --local', []],
    ['both', ['https://api.example.com/', '--local']],
    ['--local for a string', ['--local', '--session-env', 'HOME']],
  ])('refuses %s', async (_, args) => {
    expect(await self.call(['revoke', ...args])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('--local'),
    })
  })
})

describe('cacao-session list', () => {
  it('shows the account, the resources and the expiry of each session', async () => {
    await signIn({ abilities: { [NOTES]: { 'notes/read': [{}] } } })
    await signIn({ now: () => Date.now() - 9 * DAY }, ACCOUNT_B, KEY_B)
    const printed = await self.ok(['list'])
    for (const words of [ACCOUNT_A, ACCOUNT_B, `notes/read with ${NOTES}`, 'in 7 days', '2 days ago'])
      expect(printed).toContain(words)
    expect((await listed()).map(({ isExpired }) => isExpired)).toEqual([false, true])
  })

  it('reports that no session is stored', async () => {
    expect(await self.call(['list'])).toEqual({
      code: 0,
      stdout: '',
      stderr: `no session is stored in ${self.store}\n`,
    })
  })
})
