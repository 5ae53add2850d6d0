import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, vi } from 'vitest'
import { run as runInProcess } from '../../src/cli/run.js'
import { temporaryFolder } from '../e2e/temporary-folder.js'
import { KEY_A, KEY_B } from '../setup/wallet.js'

/** The built command, which npm links to. */
export const CLI: string = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** The result of a run of the command. */
interface CLIRun {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CLIOptions {
  readonly stdin?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  /** Only for `call`: called with the whole output so far, each time that something is printed. */
  readonly onStdout?: (printed: string) => void
}

/** A person's machine: a folder with a key, and the command. */
export interface Machine {
  readonly folder: string
  readonly store: string
  readonly keyFile: string
  /** Runs the command. Checks that the output has no secret key, unless the test asked for the session string. */
  run(args: readonly string[], options?: CLIOptions): Promise<CLIRun>
  /** The same in this process, which takes a tenth of the time. Use it unless the test needs a process. */
  call(args: readonly string[], options?: CLIOptions): Promise<CLIRun>
  /** Like `call`, but the command must succeed. Resolves with its output. */
  ok(args: readonly string[], options?: CLIOptions): Promise<string>
  file(name: string, content: string | Uint8Array, mode?: number): Promise<string>
  /** Signs in account A. */
  authorize(...more: string[]): Promise<string>
}

const SECRETS = [KEY_A, KEY_B].map((key) => key.slice(2))

/** Creates a machine that is removed at the end of the test. */
export async function machine(): Promise<Machine> {
  const folder = await temporaryFolder()
  const store = join(folder, 'sessions')
  const file: Machine['file'] = async (name, content, mode = 0o600) => {
    await writeFile(join(folder, name), content, { mode })
    return join(folder, name)
  }
  const keyFile = await file('key', `${KEY_A}\n`)
  const run: Machine['run'] = async (args, { stdin = '', env = {} } = {}) => {
    const child = spawn(process.execPath, [CLI, ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH ?? '', HOME: folder, CACAO_SESSION_STORE: store, ...env },
    })
    // A process that doesn't read its stdin may end before everything is written.
    child.stdin.on('error', () => undefined)
    child.stdin.end(stdin)
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ])
    expectNoSecret(args.includes('--print-session') ? stderr : stdout + stderr, store, [
      stdin,
      ...Object.values(env),
    ])
    return { code, stdout, stderr }
  }
  const call: Machine['call'] = async (args, { stdin = '', env = {}, onStdout } = {}) => {
    const printed = { stdout: '', stderr: '' }
    const variables = {
      HOME: folder,
      XDG_DATA_HOME: undefined,
      FORCE_COLOR: undefined,
      CACAO_SESSION_STORE: store,
      ...env,
    }
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
    const given = Object.assign(Readable.from([Buffer.from(stdin)]), { isTTY: false, fd: 0 as const })
    const spies = [
      vi.spyOn(process, 'stdin', 'get').mockReturnValue(given as unknown as typeof process.stdin),
      ...(['stdout', 'stderr'] as const).map((name) =>
        vi.spyOn(process, name, 'get').mockReturnValue(
          collecting((part) => {
            printed[name] += part
            if (name === 'stdout') onStdout?.(printed.stdout)
          }),
        ),
      ),
    ]
    try {
      const code = await runInProcess(
        args.map((arg, i) => (args[i - 1] === '--key-file' && arg === 'key' ? keyFile : arg)),
      )
      expectNoSecret(
        args.includes('--print-session') ? printed.stderr : printed.stdout + printed.stderr,
        store,
        [stdin, ...Object.values(env)],
      )
      return { code, ...printed }
    } finally {
      for (const spy of spies) spy.mockRestore()
      vi.unstubAllEnvs()
    }
  }
  const ok: Machine['ok'] = async (args, options) => {
    const { code, stdout, stderr } = await call(args, options)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return stdout
  }
  const grant = ['--key-file', keyFile, '--domain', 'app.example.com']
  return {
    folder,
    store,
    keyFile,
    run,
    call,
    ok,
    file,
    authorize: (...more) => ok(['authorize', ...grant, ...more]),
  }
}

/** Replaces stdout or stderr. */
function collecting(take: (part: string) => void): typeof process.stdout & typeof process.stderr {
  const stream = new Writable({
    write(part, _, done) {
      take(String(part))
      done()
    },
  })
  return stream as unknown as typeof process.stdout & typeof process.stderr
}

// The secrets: the well-known keys, and the seeds of stored and given sessions, in all their forms.
function expectNoSecret(printed: string, store: string, given: readonly (string | Uint8Array)[]): void {
  const kept = existsSync(store) ? readFileSync(store, 'utf8') : ''
  const strings = given.map((text) => Buffer.from(String(text), 'base64url').toString('utf8'))
  const seeds = Array.from(
    [kept, ...strings].join().matchAll(/"sessionKeySeed":"([^"]+)"/g),
    ([, seed = '']) => {
      const bytes = Buffer.from(seed, 'base64')
      return [seed, bytes.toString('hex'), bytes.toString('base64url')]
    },
  )
  for (const secret of [...SECRETS, ...seeds.flat()])
    expect(printed.toLowerCase()).not.toContain(secret.toLowerCase())
  expect(printed).not.toMatch(/sessionKeySeed|eyJzZXNzaW9uS2V5U2VlZ/)
}
