import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { EXIT } from '../../src/cli/output.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'
import { startAPI } from './api-server.js'
import { CLI, type CLIOptions, type Machine, machine } from './run-cli.js'

const COMMANDS = ['authorize', 'inspect', 'verify', 'request', 'renew', 'revoke', 'list']
const RESOURCE = ['--resource', 'https://api.example.com/notes']

let self: Machine
beforeEach(async () => {
  self = await machine()
})

/** Runs a line in a shell in which `cacao-session` is the command. */
const shell = (line: string, program = 'sh', args = ['-c']): Promise<{ stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const env = {
      TERM: 'xterm',
      PATH: process.env.PATH ?? '',
      HOME: self.folder,
      CACAO_SESSION_STORE: self.store,
      CLI,
      NODE: process.execPath,
    }
    execFile(program, [...args, line], { env, cwd: self.folder }, (_, stdout, stderr) =>
      resolve({ stdout, stderr }),
    )
  })
const CACAO_SESSION = '"$NODE" "$CLI"'

describe('cacao-session as a process', () => {
  it('reads the key from a file, a variable or stdin, and signs in, renews and signs out', async () => {
    const { origin } = await startAPI()
    const grant = ['authorize', '-d', 'app.example.com', ...RESOURCE]
    const done = async (args: readonly string[], options?: CLIOptions): Promise<string> => {
      const { code, stdout, stderr } = await self.run(args, options)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      return stdout
    }
    const nobody = await self.run(['request', `${origin}/notes`])
    expect(nobody).toMatchObject({ code: EXIT.noSession, stdout: '' })
    expect(await done([...grant, '--key-file', 'key'])).toContain(ACCOUNT_A)
    expect(await done([...grant, '--key-env', 'KEY'], { env: { KEY: KEY_A } })).toContain(ACCOUNT_A)
    const string = await done([...grant, '--key-stdin', '--print-session'], { stdin: KEY_A })
    expect(await done(['verify'], { stdin: string })).toContain('good')
    const refused = await self.run(['verify', '-d', 'evil.example.com'], { stdin: string })
    expect(refused).toMatchObject({ code: EXIT.refused, stdout: '' })
    expect(JSON.parse(await done(['request', `${origin}/notes`]))).toMatchObject({ account: ACCOUNT_A })
    expect(await done(['renew', '--key-file', 'key'])).toContain('in 7 days')
    expect(await done(['revoke', `${origin}/sign-out`])).toContain('no longer acts for')
    expect(await self.run(['request', `${origin}/broken`, '--account', ACCOUNT_A])).toMatchObject({
      code: EXIT.server,
      stdout: 'broken\n',
    })
    expect(await self.run([...grant, '--key', KEY_A])).toMatchObject({ code: EXIT.usage, stdout: '' })
  })
})

describe('cacao-session', () => {
  it('shows help with examples and exit codes, for the program and for each command', async () => {
    const help = await self.ok(['--help'])
    for (const code of Object.values(EXIT)) expect(help).toContain(`\n  ${code}  `)
    for (const name of COMMANDS) expect(help).toContain(`\n  ${name} `)
    for (const name of COMMANDS) {
      const each = await self.ok([name, '--help'])
      expect(each).toContain(`Usage: cacao-session ${name}`)
      expect(each).toMatch(new RegExp(`Examples:\n[\\s\\S]*cacao-session ${name}`))
      expect(await self.ok(['help', name])).toBe(each)
    }
  })

  it('prints its version', async () => {
    const { version, bin } = JSON.parse(
      await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
    )
    expect(await self.ok(['--version'])).toBe(`${version}\n`)
    expect(CLI.endsWith(bin['cacao-session'].slice(1))).toBe(true)
    expect(await readFile(CLI, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  })

  it.each([
    ['nothing', [], 'Usage:'],
    ['a command that there is not', ['lst'], "unknown command 'lst'"],
    ['an option that there is not', ['list', '--jsn'], "unknown option '--jsn'"],
    ['an additional argument', ['list', 'all'], 'too many arguments'],
  ])('refuses %s with exit code 2', async (_, args, words) => {
    expect(await self.call(args)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(words),
    })
  })

  it('prints a stack trace only with --verbose', async () => {
    const args = ['inspect', '/nowhere']
    expect((await self.call(args)).stderr).toBe("cacao-session: can't read the input from /nowhere: ENOENT\n")
    expect((await self.call([...args, '--verbose'])).stderr).toMatch(/\n {4}at [\s\S]*ENOENT/)
  })

  it('prints each cause of an error once with --verbose, even if they form a cycle', async () => {
    const own = new Error('the cause of itself')
    own.cause = own
    const [first, second] = [new Error('the first cause'), new Error('the second cause')]
    first.cause = second
    second.cause = first
    for (const cause of [own, first]) {
      const fetches = vi.spyOn(globalThis, 'fetch').mockRejectedValue(cause)
      onTestFinished(() => fetches.mockRestore())
      const env = { SESSION: await self.authorize('--print-session', ...RESOURCE) }
      const args = ['request', 'https://api.example.com/notes', '--session-env', 'SESSION', '--verbose']
      const { code, stderr } = await self.call(args, { env })
      expect([code, stderr.match(/^Error: .*$/gm)]).toEqual([
        EXIT.server,
        cause === own
          ? ['Error: the cause of itself']
          : ['Error: the first cause', 'Error: the second cause'],
      ])
    }
  })

  it('pipes a session from one command to the next', async () => {
    const line = `${CACAO_SESSION} authorize --key-file key -d app.example.com ${RESOURCE.join(' ')} --print-session`
    const { stdout } = await shell(`${line} | ${CACAO_SESSION} inspect --json`)
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'session', isAccepted: true })
  })

  it('prints no error when the reader of its output stops early', async () => {
    await self.authorize(...RESOURCE)
    const { stdout, stderr } = await shell(`{ ${CACAO_SESSION} list; echo $? >&2; } | true`)
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '0\n' })
  })

  it.skipIf(process.platform !== 'linux')('says that its output can’t be written, and fails', async () => {
    await self.authorize(...RESOURCE)
    const { stdout, stderr } = await shell(`${CACAO_SESSION} list > /dev/full; echo $?`)
    expect([stdout, stderr]).toEqual([
      '1\n',
      "cacao-session: the output can't be written: ENOSPC: no space left on device, write\n",
    ])
  })

  it('says why a session can’t be stored, and leaves no file behind', async () => {
    const full = `${self.folder}/full`
    const line = `${CACAO_SESSION} authorize --key-file key -d app.example.com ${RESOURCE.join(' ')} --store full/sessions`
    // No file may get larger than 0 blocks, as on a full disk.
    const { stdout, stderr } = await shell(`ulimit -f 0; ${line}; echo $?`)
    expect(stdout).toBe('1\n')
    expect(stderr).toMatch(
      /^cacao-session: ERR_STORE_UNAVAILABLE: the sessions in \S+ can't be read or written: EFBIG: .*\n$/,
    )
    expect(await readdir(full)).toEqual([])
    expect((await shell(`${line}; echo $?`)).stdout).toMatch(/\n0\n$/)
    expect(await readdir(full)).toEqual(['sessions'])
  })

  it.each(['', 'home'])('does not store sessions in the current directory if HOME is %j', async (home) => {
    const line = `${CACAO_SESSION} authorize --key-file key -d app.example.com ${RESOURCE.join(' ')}`
    const before = await readdir(self.folder)
    const { stdout, stderr } = await shell(`export CACAO_SESSION_STORE= HOME=${home}; ${line}; echo $?`)
    expect([stdout, stderr]).toEqual([
      '2\n',
      'cacao-session: HOME is not an absolute path: set it, or give the file of sessions with --store\n',
    ])
    expect(await readdir(self.folder)).toEqual(before)
    const { stdout: stored } = await shell(`export CACAO_SESSION_STORE= HOME="$PWD/home"; ${line}; echo $?`)
    expect(stored).toMatch(/\n0\n$/)
  })

  it('keeps its exit code for a refusal when the reader of its output stops early', async () => {
    const { origin } = await startAPI()
    await self.authorize(...RESOURCE)
    await self.file('string', await self.authorize(...RESOURCE, '--print-session'))
    const elsewhere = await self.authorize(...RESOURCE, '--print-session', '-d', 'evil.example.com')
    await self.file('elsewhere', elsewhere)
    const codes = [
      ['verify string --json', 'true', 0],
      ['verify string --json -d evil.example.com', 'true', 1],
      [`request ${origin}/notes`, 'true', 0],
      [`request ${origin}/notes -i --session-file elsewhere`, 'true', 4],
      [`request '${origin}/endless?200'`, 'head -c 1', 0],
      [`request '${origin}/endless?500'`, 'head -c 1', 4],
    ] as const
    for (const [line, reader, code] of codes) {
      const { stderr } = await shell(`{ ${CACAO_SESSION} ${line}; echo "exit $?" >&2; } | ${reader}`)
      expect([line, stderr.split('\n').at(-2)]).toEqual([line, `exit ${code}`])
    }
  })

  it('ends at Ctrl+C with exit code 130, and keeps the session', async () => {
    const api = await startAPI()
    await self.authorize(...RESOURCE)
    const child = spawn('sh', ['-c', `trap : INT; ${CACAO_SESSION} request ${api.origin}/slow; echo $?`], {
      env: { PATH: process.env.PATH ?? '', CACAO_SESSION_STORE: self.store, CLI, NODE: process.execPath },
      detached: true,
    })
    await api.isWaitedFor
    process.kill(-Number(child.pid), 'SIGINT')
    const [printed, complaints] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ])
    expect([printed, complaints]).toEqual(['130\n', ''])
    expect(JSON.parse(await self.ok(['list', '--json']))).toHaveLength(1)
  })

  it('uses colours only on a terminal, or if FORCE_COLOR is set', async () => {
    await self.authorize(...RESOURCE)
    const colour = '\u001b['
    expect(await self.ok(['list'])).not.toContain(colour)
    expect(await self.ok(['list'], { env: { FORCE_COLOR: '1' } })).toContain(colour)
    if (!hasScript()) return
    const inTerminal = (line: string): Promise<{ stdout: string }> => shell(line, 'script', ['-qec'])
    const { stdout } = await inTerminal(`${CACAO_SESSION} inspect`)
    expect(stdout).toContain(colour)
    // Without input, it describes the stored session.
    expect(stdout).toContain(ACCOUNT_A)
  })

  it('does not read a key from a terminal, where it would be visible', async () => {
    if (!hasScript()) return
    const line = `${CACAO_SESSION} authorize --key-stdin -d app.example.com ${RESOURCE.join(' ')}`
    const { stdout } = await shell(line, 'script', ['-qec'])
    expect(stdout).toContain('is a terminal')
    expect(stdout).not.toContain(KEY_A)
  })
})

function hasScript(): boolean {
  try {
    accessSync('/usr/bin/script')
    return true
  } catch {
    return false
  }
}
