import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { BareFolder } from './bare-folder.js'
import { ownEnv } from './command.js'

interface Definition {
  readonly file: string
  readonly start: { readonly line: number; readonly offset: number }
}

interface Message {
  readonly command?: string
  readonly body?: readonly Definition[]
}

/**
 * The target of "go to definition" for the first occurrence of a name in the file, as TypeScript's own server answers it to
 * editors. Lines are counted from 1.
 */
export async function definitionsOf(
  { path }: BareFolder,
  file: string,
  name: string,
  text: string,
): Promise<readonly Definition[]> {
  const before = text.slice(0, text.indexOf(name)).split('\n')
  const place = { line: before.length, offset: (before.at(-1) ?? '').length + 1 }
  const program = join(path, 'node_modules/typescript/lib/tsserver.js')
  const server = spawn(process.execPath, [program, '--disableAutomaticTypingAcquisition'], {
    cwd: path,
    env: ownEnv(),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(server, 'close')
  const ask = (command: string, args?: object): boolean =>
    server.stdin.write(`${JSON.stringify({ seq: 0, type: 'request', command, arguments: args })}\n`)
  ask('open', { file, fileContent: text })
  ask('definition', { file, ...place })
  try {
    for await (const line of createInterface(server.stdout)) {
      // Each message is preceded by its length.
      const { command, body } = line.startsWith('{') ? (JSON.parse(line) as Message) : {}
      if (command === 'definition') return body ?? []
    }
    throw new Error("TypeScript's server ended before it answered")
  } finally {
    ask('exit')
    await ended
  }
}
