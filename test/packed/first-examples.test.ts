import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterEach, describe, expect, inject, it } from 'vitest'
import { walletInPages } from '../../src/testing/index.js'
import { example as exampleOf } from '../docs/pages.js'
import { openBrowser } from '../e2e/browser.js'
import { freePort } from '../engines/free-port.js'
import { startProcess, stopProcess } from '../engines/processes.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'
import { type BareFolder, bareFolder } from './bare-folder.js'
import { run } from './command.js'
import { startVite } from './vite-server.js'

// What a new user does: an empty folder, npm install, and the README's first examples written into files.
const example = (kind: string): string => exampleOf('README.md', kind)

const endings: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function folderFor(...packages: string[]): Promise<BareFolder> {
  const folder = await bareFolder(...packages)
  endings.push(() => folder.remove())
  return folder
}

const engine = inject('engines').find(({ name }) => name === 'chromium')

describe('in an empty folder', () => {
  it.skipIf(!engine)(
    'the browser example signs in, sends a signed note, and is signed in after a reload',
    async () => {
      const folder = await folderFor('vite@8.3.8')
      const page = ['sign-in', 'save', 'sign-out'].map((id) => `<button id="${id}">${id}</button>`).join('')
      await folder.write(
        'index.html',
        `<!doctype html><p id="who"></p>${page}<script type="module" src="/main.js"></script>`,
      )
      await folder.write(
        'main.js',
        `${example('browser')}
const show = () => { document.querySelector('#who').textContent = session?.id ?? 'nobody' }
document.querySelector('#sign-in').onclick = () => signIn().then(show)
document.querySelector('#save').onclick = () => saveNote('a note')
document.querySelector('#sign-out').onclick = async () => { await signOut(); session = undefined; show() }
show()`,
      )
      const server = await startVite(folder.path, 'dev')
      endings.push(() => server.stop())
      if (!engine) return
      const { page: tab, context, close } = await openBrowser(engine)
      endings.push(close)
      if (!context) throw new Error('Playwright drives Chromium')
      const wallet = await walletInPages(context)
      const notes: Record<string, string>[] = []
      await context.route('https://api.example.com/**', (route) => {
        const cors = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' }
        if (route.request().method() === 'POST') notes.push(route.request().headers())
        return route.fulfill({ status: 200, headers: cors, body: 'saved' })
      })
      await tab.goto(server.url)
      await tab.waitForText('#who', 'nobody')
      await tab.click('#sign-in')
      await tab.waitForText('#who', `did:pkh:${ACCOUNT_A}`)
      await tab.reload()
      await tab.waitForText('#who', `did:pkh:${ACCOUNT_A}`)
      expect(wallet.prompts).toBe(1)
      const answered = context.waitForEvent('response', (response) => response.request().method() === 'POST')
      await tab.click('#save')
      await answered
      expect(notes[0]?.['authorization']).toMatch(/^CACAO /)
      expect(notes[0]?.['signature']).toMatch(/^cacao=:/)
      await tab.click('#sign-out')
      await tab.waitForText('#who', 'nobody')
    },
  )

  it('the script example stores a session and resumes it', async () => {
    const folder = await folderFor()
    const script = await folder.write('script.js', example('script'))
    const { stdout, stderr } = await run(process.execPath, [script], {
      cwd: folder.path,
      env: { PRIVATE_KEY: KEY_A },
    })
    expect(stdout).toMatch(new RegExp(`^did:pkh:${ACCOUNT_A} for 60\\d{4} more seconds\\n$`))
    expect(stderr).toBe('')
  })

  it('the command line signs in, and prints the session', async () => {
    const folder = await folderFor()
    const args = [
      'authorize',
      '--key-env',
      'KEY',
      '--domain',
      'app.example.com',
      '--resource',
      'https://api.example.com/*',
    ]
    const { stdout } = await run('npx', ['cacao-session', ...args, '--print-session'], {
      cwd: folder.path,
      env: { KEY: KEY_A },
    })
    const told = await run('npx', ['cacao-session', 'inspect', '--json'], { cwd: folder.path, input: stdout })
    expect(told.stdout).toContain(ACCOUNT_A)
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string
    }
    expect((await run('npx', ['cacao-session', '--version'], { cwd: folder.path })).stdout.trim()).toBe(
      version,
    )
  })

  it('the server example gets the caller, and refuses unsigned requests', async () => {
    const folder = await folderFor('hono@4.13.19', '@hono/node-server@2.1.8')
    const port = await freePort()
    const here = (code: string): string =>
      code
        .replaceAll('https://api.example.com', `http://localhost:${port}`)
        .replaceAll('api.example.com', `localhost:${port}`)
    await folder.write('server.js', here(example('server')))
    await folder.write(
      'start.js',
      `import { serve } from '@hono/node-server'\nimport { app } from './server.js'\nserve({ fetch: app.fetch, port: ${port} }, () => console.log('ready'))`,
    )
    const server = startProcess(process.execPath, [join(folder.path, 'start.js')], {
      cwd: folder.path,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    endings.push(() => stopProcess(server))
    await once(server.stdout as Readable, 'data')

    const client = await folder.write(
      'client.js',
      `import { DIDSession } from 'cacao-session'
import { ethereumAuth } from 'cacao-session/ethereum'
const auth = ethereumAuth('${KEY_A}', undefined, { domain: 'app.example.com' })
const session = await DIDSession.authorize(auth, { resources: ['http://localhost:${port}/notes/*'] })
const response = await session.fetch('http://localhost:${port}/notes/new', { method: 'POST', body: 'a note' })
console.log(response.status, await response.text())
const unsigned = await fetch('http://localhost:${port}/notes/new', { method: 'POST', body: 'a note' })
console.log(unsigned.status, unsigned.headers.get('www-authenticate'))`,
    )
    const { stdout } = await run(process.execPath, [client], { cwd: folder.path })
    expect(stdout.trim().split('\n')).toEqual([
      `200 {"by":"${ACCOUNT_A}","note":"a note"}`,
      '401 CACAO error="ERR_REQUEST_UNSIGNED"',
    ])
  })
})
