import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { startAPI } from './cli/api-server.js'
import { CLI } from './cli/run-cli.js'
import { temporaryFolder } from './e2e/temporary-folder.js'
import { runFresh } from './setup/fresh-process.js'
import { ACCOUNT_A, KEY_A } from './setup/wallet.js'

const file = (path: string): URL => new URL(`../${path}`, import.meta.url)
const readme = readFileSync(file('README.md'), 'utf8')

/** The README's example of this kind, as a reader would copy it. */
function example(kind: string): string {
  const [, code] = new RegExp(`\`\`\`(?:js|sh) ${kind}\n([^]*?)\`\`\``).exec(readme) ?? []
  return code ?? expect.fail(`the README has no ${kind} example`)
}

describe('the README', () => {
  it('signs in, signs and signs out in a browser', () => {
    const output = runFresh(`
      import 'fake-indexeddb/auto'
      import { privateKeyToAccount } from 'viem/accounts'
      const account = privateKeyToAccount('${KEY_A}')
      const answers = { eth_chainId: () => '0x1', eth_requestAccounts: () => [account.address], personal_sign: ([raw]) => account.signMessage({ message: { raw } }) }
      globalThis.window = { ethereum: { request: async ({ method, params }) => answers[method](params) } }
      globalThis.location = { host: 'localhost:5173' }
      ${example('browser')}
      console.log(session === undefined)
      await signIn()
      globalThis.fetch = async (request) => request
      console.log(session.id, session.cacao.p.domain, (await saveNote('a note')).headers.has('signature'))
      console.log((await DIDSession.load(undefined, { resources })).keyDID === session.keyDID)
      await signOut()
      console.log(await DIDSession.load())`)
    expect(output.trim().split('\n')).toEqual([
      'true',
      `did:pkh:${ACCOUNT_A} localhost:5173 true`,
      'true',
      'undefined',
    ])
  })

  it('follows a session through renewal and sign-out', () => {
    const output = runFresh(`
      import 'fake-indexeddb/auto'
      import { privateKeyToAccount } from 'viem/accounts'
      const account = privateKeyToAccount('${KEY_A}')
      globalThis.window = { ethereum: { request: async ({ params: [raw] }) => account.signMessage({ message: { raw } }) } }
      ${example('life')}
      const resources = ['https://api.example.com/notes/*']
      const auth = ethereumAuth('${KEY_A}', undefined, { domain: 'app.example.com' })
      const session = await DIDSession.get('${ACCOUNT_A}', auth, { resources, expiresInSecs: 3000 })
      // A session's timers keep no process alive.
      const alive = setInterval(() => undefined, 1000)
      const shown = []
      const heard = (word) => new Promise((resolve) => (views[word] = (held) => resolve(shown.push(word, held?.keyDID))))
      const views = { show: () => undefined, showLogin: () => undefined }
      const offered = heard('showRenewal')
      follow(session, { show: (held) => views.show(held), showRenewal: (held) => views.showRenewal(held), showLogin: () => views.showLogin() })
      await offered
      views.showRenewal = () => undefined // the new one, as short, is about to expire as well
      const followed = heard('show')
      const renewed = await renew(session)
      await followed
      const ended = heard('showLogin')
      await renewed.remove()
      await ended
      clearInterval(alive)
      console.log(shown.map((word) => ({ [session.keyDID]: 'old', [renewed.keyDID]: 'new' })[word] ?? word).join(' '))`)
    expect(output.trim()).toBe('showRenewal old show new showLogin')
  })

  it('saves and takes up a session in a script', () => {
    const output = runFresh(example('script'), { PRIVATE_KEY: KEY_A })
    expect(output).toMatch(new RegExp(`^did:pkh:${ACCOUNT_A} for 60(4800|4799) more seconds`))
  })

  it('keeps the session of a script in a file', async () => {
    const env = { PRIVATE_KEY: KEY_A, SESSION_FILE: join(await temporaryFolder(), 'session.json') }
    const [first, second] = [runFresh(example('file'), env), runFresh(example('file'), env)]
    expect(first).toMatch(/^did:key:z6Mk\w+ file\n$/)
    expect(second).toBe(first)
  })

  it('signs in, sends and inspects on the command line', async () => {
    const [{ origin }, folder] = await Promise.all([startAPI(), temporaryFolder()])
    await writeFile(join(folder, '.eth-key'), KEY_A, { mode: 0o600 })
    const npx = `npx() { shift; "${process.execPath}" "${CLI}" "$@"; }\n`
    const line = example('cli').replaceAll('https://api.example.com/notes', `${origin}/notes`)
    const env = { PATH: process.env.PATH ?? '', HOME: folder }
    const { stdout, stderr } = await promisify(execFile)('sh', ['-ec', npx + line], { env, cwd: folder })
    expect(stderr).toBe('')
    expect(stdout).toMatch(
      new RegExp(
        ['kept in', '"method":"POST"', 'curl --globoff', `\n${ACCOUNT_A}\n`, 'A session\n'].join('[\\s\\S]*'),
      ),
    )
    expect(stdout).toContain(Buffer.from('{"text":"Buy cacao beans"}').toString('base64'))
  })

  it('names the verifiers of every kind of account, and gives a device one of its own', () => {
    const output = runFresh(
      `
      import { DIDSession } from 'cacao-session'
      ${example('wallets')}
      const session = await DIDSession.authorize(auth, { resources: ['a:b'], verifiers })
      console.log(session.id === account, Object.keys(verifiers).sort().join())`,
      { DEVICE_KEY: '07'.repeat(32), ETHEREUM_RPC: 'https://rpc.example.com' },
    )
    expect(output.trim()).toBe(
      'true eip1271,eip191,key:ed25519,key:p256,key:secp256k1,solana:ed25519,webauthn:p256',
    )
  })

  it('asks for abilities', () => {
    const output = runFresh(`
      import 'fake-indexeddb/auto'
      import { ethereumAuth } from 'cacao-session/ethereum'
      ${example('abilities')}
      const auth = ethereumAuth('${KEY_A}', undefined, { domain: 'app.example.com' })
      const { session, canWrite } = await signInToRead('${ACCOUNT_A}', auth)
      console.log(canWrite, session.can('notes/read', notes), session.cacao.p.statement)`)
    expect(output.trim()).toBe(
      "false true I further authorize the stated URI to perform the following actions on my behalf: (1) 'notes': 'read' for 'https://api.example.com/notes'.",
    )
  })

  it('hands on to a worker', () => {
    const output = runFresh(`
      import 'fake-indexeddb/auto'
      import { ethereumAuth } from 'cacao-session/ethereum'
      ${example('delegate')}
      const auth = ethereumAuth('${KEY_A}', undefined, { domain: 'app.example.com' })
      const all = { resources: ['https://api.example.com/notes/*'] }
      const session = await DIDSession.get('${ACCOUNT_A}', auth, all)
      const worker = await startWorker('${ACCOUNT_A}', (audience) => grant(session, audience))
      console.log(worker.id === session.id, worker.keyDID !== session.keyDID, worker.authorizations.join())
      console.log(worker.expiresInSecs < 3601, (await DIDSession.load()).keyDID === session.keyDID)`)
    expect(output.trim().split('\n')).toEqual(['true true https://api.example.com/notes/1', 'true true'])
  })

  it('knows on a server who is calling', () => {
    const output = runFresh(`
      import { DIDSession } from 'cacao-session'
      import { ethereumAuth } from 'cacao-session/ethereum'
      ${example('server').replace('export ', '')}
      const make = (domain, resource) => DIDSession.authorize(ethereumAuth('${KEY_A}', undefined, { domain }), { resources: [resource] })
      const post = (session) => session.signRequest(new Request('https://api.example.com/notes/new', { method: 'POST', body: 'a note' }))
      const tell = async (response) => console.log(response.status, await response.text())
      const request = await post(await make('app.example.com', 'https://api.example.com/notes/*'))
      await tell(await app.request(request.clone()))
      await tell(await app.request(request))
      await tell(await app.request(await post(await make('evil.example.com', 'https://api.example.com/notes/*'))))
      await tell(await app.request(await post(await make('app.example.com', 'https://api.example.com/other'))))
      const origin = 'https://app.example.com'
      const refused = await app.request(new Request(request.url, { method: 'POST', headers: { origin } }))
      console.log(refused.headers.get('access-control-allow-origin'))
      await tell(refused)
      const asked = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'signature' }
      const preflight = await app.request(new Request(request.url, { method: 'OPTIONS', headers: asked }))
      console.log(preflight.status, preflight.headers.get('access-control-allow-headers'))`)
    expect(output.trim().split('\n')).toEqual([
      `200 {"by":"${ACCOUNT_A}","note":"a note"}`,
      '401 {"code":"ERR_REQUEST_REPLAYED"}',
      '401 {"code":"ERR_CAPABILITY_DOMAIN"}',
      '403 {"code":"ERR_CAPABILITY_RESOURCES"}',
      'https://app.example.com',
      '401 {"code":"ERR_REQUEST_UNSIGNED"}',
      '204 signature',
    ])
  })

  it('names every entry, and no file that is not there', () => {
    const { exports: entries } = JSON.parse(readFileSync(file('package.json'), 'utf8')) as { exports: object }
    for (const entry of Object.keys(entries).filter((name) => name !== './package.json')) {
      expect(readme).toContain(`| \`${entry.replace('.', 'cacao-session')}\` |`)
    }
    for (const [, path] of readme.matchAll(/\]\((?!https?:)([^)]+)\)/g))
      expect(existsSync(file(path ?? '')), path).toBe(true)
  })
})
