import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { startAPI } from '../cli/api-server.js'
import { CLI } from '../cli/run-cli.js'
import { temporaryFolder } from '../e2e/temporary-folder.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'
import { guide } from './pages.js'

/** A folder with a key, and an API: runs lines as a person types them, with the built command. */
async function machine(): Promise<(lines: string) => Promise<string>> {
  const [{ origin }, folder] = await Promise.all([startAPI(), temporaryFolder()])
  await writeFile(join(folder, '.eth-key'), KEY_A, { mode: 0o600 })
  const npx = `npx() { shift; "${process.execPath}" "${CLI}" "$@"; }\n`
  const env = { PATH: process.env.PATH ?? '', HOME: folder }
  return async (lines) => {
    // Resources are unchanged; requests go to this API.
    const here = lines.replace(/https:\/\/api\.example\.com(?=\/(notes|sign-out)\b)/g, origin)
    const { stdout, stderr } = await promisify(execFile)('sh', ['-ec', npx + here], { env, cwd: folder })
    expect(stderr).toBe('')
    return stdout
  }
}

describe('the guide to the command line', () => {
  it('signs in, sends requests, lists and inspects sessions', async () => {
    const run = await machine()
    const stdout = await run(guide('command-line', 'cli'))
    expect(stdout).toMatch(
      new RegExp(
        ['stored in', '"method":"POST"', 'curl --globoff', `\n${ACCOUNT_A}\n`, 'A session\n'].join(
          '[\\s\\S]*',
        ),
      ),
    )
    expect(stdout).toContain(Buffer.from('{"text":"Buy cacao beans"}').toString('base64'))

    const inspected = await run(guide('command-line', 'inspect'))
    expect(inspected).toMatch(/^A session\n[\s\S]*good: [\s\S]*"problems": \[\]/)
  })

  it('has a cron job that signs in once for several runs, and signs out', async () => {
    const run = await machine()
    const job = guide('command-line', 'cron')
    const keys: (string | undefined)[] = []
    for (const _ of ['one night', 'another']) {
      const stdout = await run(job)
      expect(stdout).toContain('"method":"POST"')
      keys.push(/did:key:z6Mk\w+/.exec(stdout)?.[0])
    }
    expect(keys[0]).toBeDefined()
    expect(keys[1]).toBe(keys[0])
    expect(await run(guide('command-line', 'end'))).toContain(`revoked: ${keys[0]}`)
    expect(/did:key:z6Mk\w+/.exec(await run(job))?.[0]).not.toBe(keys[0])
  })
})
