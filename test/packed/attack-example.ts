import { attackServer } from '../attacks/kit/attack-server.js'
import { below, type ServerUnderAttack } from '../attacks/kit/server-under-attack.js'
import { toPort } from '../attacks/kit/socket-server.js'

type Asked = Partial<
  Pick<
    ServerUnderAttack,
    'domain' | 'method' | 'target' | 'body' | 'type' | 'granted' | 'seesAbsoluteTargets'
  >
>

/** Attacks an example's API, reached as `localhost` on the port, with requests like those of its client. */
export function attackExample(port: number | string, asked: Asked = {}): Promise<void> {
  return attackServer({
    send: toPort(Number(port), 'localhost'),
    authority: `localhost:${port}`,
    domain: 'app.example.com',
    method: 'GET',
    target: '/api/me',
    granted: below(`http://localhost:${port}/api`),
    beside: below(`http://localhost:${port}/other`),
    ...asked,
  })
}
