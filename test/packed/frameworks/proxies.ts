import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'vitest'
import { blocksOf } from '../../docs/pages.js'
import { freePort } from '../../engines/free-port.js'
import { findCommand } from '../../engines/lookup.js'
import { startProcess, stopProcess } from '../../engines/processes.js'
import type { BareFolder } from '../bare-folder.js'
import { ownEnv, run } from '../command.js'

/** Debian's nginx or Caddy, in front of a server of this machine. */
export interface Proxy {
  readonly port: number
  stop(): Promise<void>
}

type ProxyName = 'nginx' | 'caddy'
type Folder = Pick<BareFolder, 'path' | 'write'>

// Debian installs nginx in a folder that only root has in PATH.
const commands = {
  nginx: await findCommand(['nginx', '../sbin/nginx']),
  caddy: await findCommand(['caddy']),
}
const ARGUMENTS = {
  nginx: (file: string) => ['-c', file, '-e', 'stderr'],
  caddy: (file: string) => ['run', '--config', file, '--adapter', 'caddyfile'],
}

/** Starts it with a configuration, in which words in capitals are replaced by the values, and waits until it listens. */
async function start(
  name: ProxyName,
  { path, write }: Folder,
  template: string,
  values: Readonly<Record<string, string>>,
): Promise<Proxy> {
  const port = await freePort()
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const files = ['-keyout', 'key.pem', '-out', 'certificate.pem']
  await run('openssl', ['req', ...kind, '-subj', '/CN=notes.example.com', ...files], { cwd: path })
  const all: Record<string, string> = { FOLDER: path, PORT: `${port}`, ...values }
  const text = template.replace(/\b(?:FOLDER|PORT|SERVER|MORE)\b/g, (word) => all[word] ?? '')
  const file = await write(`${name}-${port}.conf`, text)
  const child = startProcess(commands[name] ?? name, ARGUMENTS[name](file), {
    cwd: path,
    env: { ...ownEnv(), XDG_CONFIG_HOME: path, XDG_DATA_HOME: path },
    // Caddy prints its progress there too.
    stdio: ['ignore', 'ignore', name === 'nginx' ? 'inherit' : 'ignore'],
  })
  const ended = once(child, 'exit').then(() => true)
  while (!(await isListening(port)))
    if (await Promise.race([ended, tick()])) throw new Error(`${name} ended before it listened`)
  return { port, stop: () => stopProcess(child) }
}

/** Starts nginx with nginx.conf. `more` are further lines for its server. */
export async function startNginx(folder: BareFolder, server: number, more = ''): Promise<Proxy> {
  const template = await readFile(new URL('nginx.conf', import.meta.url), 'utf8')
  return start('nginx', folder, template, { SERVER: `${server}`, MORE: more })
}

const guide = (language: string): string[] =>
  blocksOf('docs/guides/production.md')
    .filter((block) => block.language === language)
    .map(({ code }) => code.replace('127.0.0.1:8787', '127.0.0.1:SERVER'))

const NGINX = `daemon off;
error_log stderr warn;
pid FOLDER/nginx-PORT.pid;
events {}
http {
  client_body_temp_path FOLDER/body;
  # Its workers run as another user, who can't write into the folder.
  client_body_buffer_size 1m;
  proxy_temp_path FOLDER/proxy;
  fastcgi_temp_path FOLDER/fastcgi;
  uwsgi_temp_path FOLDER/uwsgi;
  scgi_temp_path FOLDER/scgi;
`

const OF_GUIDE = {
  nginx: () => `${NGINX}
  ${(guide('nginx')[0] ?? '')
    .replace('listen 443', 'listen 127.0.0.1:PORT')
    .replace('/etc/ssl/api.example.com.pem', 'FOLDER/certificate.pem')
    .replace('/etc/ssl/api.example.com.key', 'FOLDER/key.pem')}
}`,
  caddy: () =>
    (guide('caddyfile')[0] ?? '')
      .replace(/^\{/, '{\n  admin off\n  auto_https disable_redirects\n  https_port PORT')
      .replace(
        'api.example.com {',
        'notes.example.com {\n  bind 127.0.0.1\n  tls FOLDER/certificate.pem FOLDER/key.pem',
      ),
}

/** Starts it as the production guide says, for a site of these tests; it writes its log into the folder. */
export async function startOfGuide(
  name: ProxyName,
  folder: BareFolder,
  server: number,
): Promise<Proxy & { readonly log: string }> {
  const log = join(folder.path, `${name}.log`)
  const template = OF_GUIDE[name]()
    .replaceAll('api.example.com', 'notes.example.com')
    .replace(/\/var\/log\/\w+\/api\.log/, log)
    .replace(/\/var\/log\/\w+\/api-error\.log/, join(folder.path, `${name}-error.log`))
  const proxy = await start(name, folder, template, { SERVER: `${server}` })
  return { ...proxy, log }
}

/** How the production guide says that a server is put under a path: with blocks of a language, of which the last one is of the site. */
export const UNDER_PATH = {
  'nginx, which keeps the prefix': { name: 'nginx', blocks: () => guide('nginx').slice(1, 2) },
  'nginx, which strips the prefix': { name: 'nginx', blocks: () => guide('nginx').slice(2) },
  'Caddy, which keeps the prefix': { name: 'caddy', blocks: () => guide('caddyfile').slice(1) },
} as const

/** Starts it in one of these ways, without TLS. */
export async function startUnderPath(
  way: keyof typeof UNDER_PATH,
  folder: Folder,
  server: number,
): Promise<Proxy> {
  const { name, blocks } = UNDER_PATH[way]
  const before = blocks()
  const site = before.pop() ?? ''
  const template =
    name === 'nginx'
      ? `${NGINX} access_log off; ${before.join('')} server { listen 127.0.0.1:PORT; ${site} } }`
      : `{\n admin off\n}\nhttp://:PORT {\n bind 127.0.0.1\n ${site} }`
  return start(name, folder, template, { SERVER: `${server}` })
}

/** A suite that needs a program. Without it, the suite is reported as skipped; if engines are required, it fails. */
export function describeProxy(name: ProxyName, title: string, suite: () => void): void {
  describe(title, () => {
    if (commands[name] !== undefined) suite()
    else if (process.env['REQUIRE_ENGINES'])
      it(`needs ${name}`, () => Promise.reject(new Error('it is not installed')))
    else it.skip(`skipped: ${name} is not installed`)
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
