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

/** A machine with a key, and an API to call: runs lines as a person types them, with the built command. */
async function machine(): Promise<(lines: string) => Promise<string>> {
  const [{ origin }, folder] = await Promise.all([startAPI(), temporaryFolder()])
  await writeFile(join(folder, '.eth-key'), KEY_A, { mode: 0o600 })
  const npx = `npx() { shift; "${process.execPath}" "${CLI}" "$@"; }\n`
  const env = { PATH: process.env.PATH ?? '', HOME: folder }
  return async (lines) => {
    // Resources stay as they are; what is sent goes to the API here.
    const here = lines.replace(/https:\/\/api\.example\.com(?=\/(notes|sign-out)\b)/g, origin)
    const { stdout, stderr } = await promisify(execFile)('sh', ['-ec', npx + here], { env, cwd: folder })
    expect(stderr).toBe('')
    return stdout
  }
}

describe('the guide to the command line', () => {
  it('signs in, sends, lists and inspects', async () => {
    const run = await machine()
    const stdout = await run(guide('command-line', 'cli'))
    expect(stdout).toMatch(
      new RegExp(
        ['kept in', '"method":"POST"', 'curl --globoff', `\n${ACCOUNT_A}\n`, 'A session\n'].join('[\\s\\S]*'),
      ),
    )
    expect(stdout).toContain(Buffer.from('{"text":"Buy cacao beans"}').toString('base64'))

    const inspected = await run(guide('command-line', 'inspect'))
    expect(inspected).toMatch(/^A session\n[\s\S]*good: [\s\S]*"problems": \[\]/)
  })

  it('works by itself, and signs out', async () => {
    const run = await machine()
    const job = guide('command-line', 'cron')
    expect(await run(job)).toMatch(/kept in[\s\S]*"method":"POST"[\s\S]*\nrevoked: did:key:/)
    // A new one after that; then nothing to do, as long as it is good for a day.
    const [authorize = ''] = job.split('\n')
    const keyIn = (text: string): string | undefined => /did:key:\w+/.exec(text)?.[0]
    const first = keyIn(await run(authorize))
    expect(first).toMatch(/^did:key:z6Mk/)
    expect(keyIn(await run(authorize))).toBe(first)
  })
})
