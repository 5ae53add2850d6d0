import { ethereumVerifiers } from 'cacao-session/ethereum'
import { requestVerifier } from 'cacao-session/verify'

const URL_OF_NOTES = 'https://api.example.com/notes?page=1'

/**
 * Signed requests and their verification by a server that has seen the session before: each request is another one, and
 * is remembered, as it would be.
 *
 * @param {number} most requests that are verified by any one task
 */
export async function requestTasks({ stored, seeded }, most) {
  const now = Date.now()
  const options = {
    verifiers: ethereumVerifiers(),
    authority: 'api.example.com',
    domains: ['bench.example'],
    resources: false,
    now: () => now,
  }
  const task = async (session) => {
    const verify = requestVerifier(options)
    const requests = []
    // One more, by which the server gets to know the session.
    while (requests.length <= most) requests.push(await session.signRequest(new Request(URL_OF_NOTES)))
    await verify(requests.pop())
    return () => verify(requests.pop())
  }
  return {
    signP256: () => stored.signRequest(new Request(URL_OF_NOTES)),
    signEd25519: () => seeded.signRequest(new Request(URL_OF_NOTES)),
    p256: await task(stored),
    ed25519: await task(seeded),
  }
}
