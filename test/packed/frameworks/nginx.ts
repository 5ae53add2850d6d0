import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { describe, it } from 'vitest'
import { freePort } from '../../engines/free-port.js'
import { findCommand } from '../../engines/lookup.js'
import { startProcess, stopProcess } from '../../engines/processes.js'
import type { BareFolder } from '../bare-folder.js'
import { ownEnv, run } from '../command.js'

/** Debian's nginx, before a server of this machine. */
export interface Nginx {
  readonly port: number
  stop(): Promise<void>
}

// Debian has it where only root's PATH leads.
const command = await findCommand(['nginx', '../sbin/nginx'])

/** Starts it with nginx.conf, and waits until it listens. `more` are further lines for its server. */
export async function startNginx(folder: BareFolder, server: number, more = ''): Promise<Nginx> {
  const port = await freePort()
  const [key, certificate] = ['key.pem', 'certificate.pem']
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const args = ['req', ...kind, '-subj', '/CN=notes.example.com', '-keyout', key, '-out', certificate]
  await run('openssl', args, { cwd: folder.path })
  const template = await readFile(new URL('nginx.conf', import.meta.url), 'utf8')
  const values: Record<string, string> = {
    FOLDER: folder.path,
    PORT: `${port}`,
    SERVER: `${server}`,
    MORE: more,
  }
  const text = template.replace(/\b(?:FOLDER|PORT|SERVER|MORE)\b/g, (name) => values[name] ?? '')
  const file = await folder.write(`nginx-${port}.conf`, text)
  const child = startProcess(command ?? 'nginx', ['-c', file, '-e', 'stderr'], {
    cwd: folder.path,
    env: ownEnv(),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(child, 'exit').then(() => true)
  while (!(await isListening(port)))
    if (await Promise.race([ended, tick()])) throw new Error('nginx ended before it listened')
  return { port, stop: () => stopProcess(child) }
}

/** A suite that needs nginx, or one that says, and is reported, to be skipped; where engines are required, a failure. */
export function describeNginx(title: string, suite: () => void): void {
  describe(title, () => {
    if (command !== undefined) suite()
    else if (process.env['REQUIRE_ENGINES'])
      it('needs nginx', () => Promise.reject(new Error('it is not installed')))
    else it.skip('skipped: nginx is not installed')
  })
}

function tick(): Promise<boolean> {
  return new Promise((resolve) => setImmediate(() => resolve(false)))
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
