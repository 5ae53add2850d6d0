import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { curlLine } from '../../src/cli/request.js'

const HOSTILE = [
  '$(touch run)',
  '`touch run`',
  '"; touch run; "',
  "'; touch run; '",
  "'\\''; touch run #",
  '$HOME $\x7bPATH} $$ $?',
  '!! !$ ^a^b',
  '* ? [a-z] ~ {a,b}',
  '\\ \\n \\\\',
  '> run < run | touch run & touch run',
  '-o run',
  '--next',
  '@run',
  'a\nb\ntouch run\n',
  '\ttab',
]
// Methods with every character that is allowed in them (RFC 9110). A shell gives some of these a special meaning.
const METHODS = [
  '`touch-run`',
  "A'B",
  "'`id`'",
  '$HOME',
  'A|B',
  'A&B',
  '!!',
  '*',
  '#',
  '~',
  'A^B',
  '%s',
  '-o',
]

/** A substitute for curl that prints each argument as a line of JSON. */
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cacao-session-'))
  const curl = join(folder, 'curl')
  await writeFile(curl, `#!${process.execPath}\nconsole.log(JSON.stringify(process.argv.slice(2)))\n`)
  await chmod(curl, 0o755)
})

afterAll(() => rm(folder, { recursive: true }))

/** The arguments of curl, and the files that exist afterwards. */
async function argumentsIn(shell: string, line: string): Promise<string[]> {
  const env = { PATH: `${folder}:${process.env['PATH']}`, HOME: folder }
  const { stdout } = await promisify(execFile)(shell, ['-c', line], { cwd: folder, env })
  expect(await readdir(folder)).toEqual(['curl'])
  const lines = stdout.trim().split('\n')
  expect(lines).toHaveLength(1)
  return JSON.parse(lines[0] ?? '')
}

const argumentAfter = (args: readonly string[], name: string): string | undefined =>
  args[args.indexOf(name) + 1]

describe.each(['bash', 'dash'])('in %s, the command for curl', (shell) => {
  it.each(HOSTILE)('passes the body %j unchanged', async (text) => {
    const request = new Request('https://api.example.com/', { method: 'POST', body: text })
    const args = await argumentsIn(shell, curlLine(request, { bytes: new TextEncoder().encode(text) }))
    expect(argumentAfter(args, '--data-raw')).toBe(text)
  })

  it.each(HOSTILE)('passes the header %j unchanged', async (text) => {
    const value = text.trim().replace(/\n/g, ' ')
    const args = await argumentsIn(
      shell,
      curlLine(new Request('https://api.example.com/', { headers: { 'x-odd': value } }), undefined),
    )
    expect(args).toContain(`x-odd: ${value}`)
  })

  it.each(HOSTILE)('passes a URL with %j unchanged', async (text) => {
    const { href } = new URL(`https://api.example.com/${text}?${text}`)
    const args = await argumentsIn(shell, curlLine(new Request(href), undefined))
    expect(argumentAfter(args, '--url')).toBe(href.split('#', 1)[0])
  })

  it.each(HOSTILE)('passes the file name %j unchanged', async (file) => {
    const request = new Request('https://api.example.com/', { method: 'POST', body: 'x' })
    const args = await argumentsIn(shell, curlLine(request, { bytes: new Uint8Array(1), file }))
    expect(argumentAfter(args, '--data-binary')).toBe(`@${file}`)
  })

  it.each(METHODS)('passes the method %s unchanged', async (method) => {
    const args = await argumentsIn(
      shell,
      curlLine(new Request('https://api.example.com/', { method }), undefined),
    )
    expect(argumentAfter(args, '--request')).toBe(method)
  })
})

describe('a character that a terminal would execute or hide', () => {
  it.each([
    ['an escape sequence', 'a\u001b[2Jb'],
    ['a turned text', 'a\u202eb'],
    ['one that is nothing', 'a\u200bb'],
    ['a carriage return', 'curl good\rtouch run'],
    ['a zero', 'a\0b'],
  ])('is refused in a body on a command line: %s', (_, text) => {
    const request = new Request('https://api.example.com/', { method: 'POST', body: text })
    expect(() => curlLine(request, { bytes: new TextEncoder().encode(text) })).toThrow('--data @FILE')
    expect(curlLine(request, { bytes: new TextEncoder().encode(text), file: 'body' })).toContain("'@body'")
  })

  it('is refused in a header on a command line', () => {
    const request = new Request('https://api.example.com/', { headers: { 'x-odd': 'a\u009bb' } })
    expect(() => curlLine(request, undefined)).toThrow('x-odd')
  })
})
