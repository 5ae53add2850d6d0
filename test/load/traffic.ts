import { expect } from 'vitest'
import { RESOURCE, type TestSigner, testSigner } from '../setup/request-signer.js'
import type { Servers } from './servers.js'

const SESSIONS = 50
const IN_FLIGHT = 24
const UNAVAILABLE = '503 {"code":"ERR_STORE_UNAVAILABLE"}'

/** Signs the i-th request: every third has a body. */
export type SignRequests = (i: number) => Promise<Request>

/** Requests of many sessions. */
export async function signingSessions(): Promise<SignRequests> {
  const signers: readonly TestSigner[] = await Promise.all(
    Array.from({ length: SESSIONS }, (_, i) =>
      testSigner(i % 2 ? 'Ed25519' : 'P-256', { resources: [RESOURCE] }),
    ),
  )
  return async (i) => {
    const body = i % 3 === 0 ? `note ${i}` : undefined
    const request = new Request(
      `https://api.example.com/notes?i=${i}`,
      body === undefined ? {} : { method: 'POST', body },
    )
    const { sign } = signers[i % SESSIONS] ?? expect.fail('no signer')
    return sign(request, Date.now())
  }
}

/** Runs so many tasks, so many at a time. */
async function inParallel(count: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) await work(i)
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
}

/** Sends each request to two of the servers at the same time, and expects that it is accepted once. */
export async function expectEachOnce(servers: Servers, signed: SignRequests, count: number): Promise<void> {
  const answers = new Map<string, number>()
  let pairs = 0
  const start = performance.now()
  await inParallel(count, async (i) => {
    const request = await signed(i)
    const both = await Promise.all([servers.send(i, request), servers.send(i + 1, request)])
    if (both.filter(({ status }) => status === 200).length === 1) pairs++
    for (const { status, text } of both) {
      const answer = status === 200 ? '200' : `${status} ${text}`
      answers.set(answer, (answers.get(answer) ?? 0) + 1)
    }
  })
  const secs = (performance.now() - start) / 1000
  console.log(`${2 * count} requests in ${secs.toFixed(1)} s:`, Object.fromEntries(answers))
  expect(Object.fromEntries(answers)).toEqual({ '200': count, '401 {"code":"ERR_REQUEST_REPLAYED"}': count })
  expect(pairs).toBe(count)
}

/** A store that can be taken away from the servers and given back. */
export interface Interruption {
  /** Resolves when the store is gone. */
  down(): Promise<void>
  /** Resolves when the store is back. */
  up(): Promise<void>
  /** The number of refused requests before it is given back. */
  readonly refusals: number
}

/**
 * Sends requests continuously, and takes the store away in the middle. Expects that all are accepted before, none while it is
 * gone, and all after it is back, without further action.
 */
export async function expectRefusedWhileDown(
  servers: Servers,
  signed: SignRequests,
  { down, up, refusals }: Interruption,
): Promise<void> {
  let phase: 'up' | 'going' | 'down' | 'coming' = 'up'
  const counts: Record<string, Record<string, number>> = {}
  const note = (began: string, ended: string, answer: string): void => {
    // A request sent in one phase may be answered in the next.
    const during = began === ended ? began : 'between'
    const count = counts[during] ?? {}
    counts[during] = { ...count, [answer]: (count[answer] ?? 0) + 1 }
  }
  let isDone = false
  let sent = 0
  const events = { accepted: 0, refused: 0 }
  const waiting: { until: () => boolean; resolve: () => void }[] = []
  const reached = (until: () => boolean): Promise<void> =>
    new Promise((resolve) => waiting.push({ until, resolve }))
  const traffic = async (): Promise<void> => {
    while (!isDone) {
      const i = sent++
      const began = phase
      const { status, text } = await servers.send(i, await signed(i))
      note(began, phase, status === 200 ? '200' : `${status} ${text}`)
      if (status === 200) events.accepted++
      else events.refused++
      for (const { resolve } of waiting.filter(({ until }) => until())) resolve()
    }
  }
  const flow = Promise.all(Array.from({ length: IN_FLIGHT }, traffic))

  await reached(() => events.accepted >= 500)
  phase = 'going'
  await down()
  phase = 'down'
  const before = events.refused
  await reached(() => events.refused >= before + refusals)
  phase = 'coming'
  await up()
  const accepted = events.accepted
  await reached(() => events.accepted >= accepted + 500)
  isDone = true
  await flow
  console.log(`the store taken away in the middle of ${sent} requests:`, counts)
  expect(Object.keys(counts['up'] ?? {})).toEqual(['200'])
  expect(Object.keys(counts['down'] ?? {})).toEqual([UNAVAILABLE])
  const answers = new Set(Object.values(counts).flatMap((count) => Object.keys(count)))
  expect([...answers].sort()).toEqual(['200', UNAVAILABLE])
}
