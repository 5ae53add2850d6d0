import { expect } from 'vitest'
import type { Answer } from '../../http/raw-socket.js'
import type { WireRequest } from '../../setup/wire-request.js'
import { forgeryFor } from './forgery.js'
import { ABSOLUTE_ATTACKS, BODY_ATTACKS, SERVER_ATTACKS, type ServerAttack } from './server-attacks.js'
import type { ServerUnderAttack } from './server-under-attack.js'

/**
 * Sends every attack to a server and expects that each is refused with a fitting code. The genuine request is sent before,
 * between and after the attacks and must be answered; otherwise a refusal would prove nothing.
 */
export async function attackServer(server: ServerUnderAttack): Promise<void> {
  const forgery = forgeryFor(server)
  const send = async (wire: WireRequest): Promise<void> => {
    const { status, body } = await server.send(wire)
    expect(`${status} ${body}`, 'the genuine request').toMatch(/^20[0-6] /)
  }
  const sendGenuine = async (): Promise<void> => send(await forgery.request(await forgery.holder()))
  await sendGenuine()
  const attacks = [
    ...SERVER_ATTACKS,
    ...(server.body === undefined ? [] : BODY_ATTACKS),
    ...(server.seesAbsoluteTargets === false ? [] : ABSOLUTE_ATTACKS),
  ]
  const outcomes: [attack: string, outcome: string][] = []
  for (const attack of attacks) {
    const [name, , make] = attack
    outcomes.push([name, outcomeOf(attack, await server.send(await make(forgery, server, send)))])
  }
  expect(outcomes).toEqual(attacks.map(([name]) => [name, 'refused']))
  const { maxLinks = 1 } = server
  if (maxLinks > 1) await send(await forgery.request(await forgery.delegateOf(await forgery.holder())))
  await sendGenuine()
}

function outcomeOf([, codes]: ServerAttack, { status, body }: Answer): string {
  const [, code] = /"code":\s?"(\w+)"/.exec(body) ?? []
  const isRefused = status >= 400 && status < 500
  // The HTTP server itself refuses what never reaches the middleware, without one of our codes.
  if (isRefused && (code === undefined || code === 'ERR_NOT_FOUND'))
    return codes.some(isOfWire) ? 'refused' : `${status} ${body}`
  return isRefused && codes.some((expected) => expected === code) ? 'refused' : `${status} ${body}`
}

const isOfWire = (code: string): boolean => code === 'ERR_REQUEST_SIGNATURE' || code === 'ERR_REQUEST_DIGEST'
