import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeRedis, type RedisServer, startRedis } from '../setup/redis.js'
import { type Answer, answer, refused, signInAt } from './notes-client.js'
import { type NotesProcess, startNotes } from './notes-process.js'

// So many simultaneous requests that each process gets several: connections are distributed in turn.
const COPIES = 12

const sendAll = async (requests: readonly Request[]): Promise<Answer[]> =>
  Promise.all(requests.map(async (request) => answer(await fetch(request))))

describeRedis('the notes in three processes that share one Redis', () => {
  let redis: RedisServer
  let notes: NotesProcess
  let list: Request
  beforeAll(async () => {
    redis = await startRedis()
    notes = await startNotes({ PROCESSES: '3', REDIS_URL: redis.url })
    list = new Request(`${notes.url}api/notes`)
  })
  afterAll(async () => {
    expect(await notes.interrupt()).toBe(0)
    await redis.stop()
  })

  it('accept one of many copies of a request', async () => {
    const session = await signInAt(notes.url)
    const note = new Request(list.url, { method: 'POST', body: '{"text":"Buy cacao beans"}' })
    const request = await session.signRequest(note)
    const answers = await sendAll(Array.from({ length: COPIES }, () => request.clone()))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ status }) => status !== 201)).toEqual(
      Array(COPIES - 1).fill(refused('ERR_REQUEST_REPLAYED')),
    )
    expect((await (await session.fetch(list)).json()).notes).toHaveLength(1)
  })

  it('share all sign-ins and sign-outs', async () => {
    const session = await signInAt(notes.url)
    const requests = async (): Promise<Request[]> =>
      Promise.all(Array.from({ length: COPIES }, () => session.signRequest(list)))
    expect(await sendAll(await requests())).toEqual(
      Array(COPIES).fill({ status: 200, challenge: null, notes: [] }),
    )
    await session.fetch(`${notes.url}api/sign-out`, { method: 'POST' })
    expect(await sendAll(await requests())).toEqual(Array(COPIES).fill(refused('ERR_CAPABILITY_REVOKED')))
    expect(notes.complaints()).toBe('')
  })

  it('refuse requests while Redis is down', async () => {
    const session = await signInAt(notes.url)
    await redis.kill()
    expect(await answer(await session.fetch(list))).toEqual(refused('ERR_STORE_UNAVAILABLE', 503))
  })
})
