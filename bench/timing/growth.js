import { ethereumVerifiers } from 'cacao-session/ethereum'
import { requestVerifier } from 'cacao-session/verify'
import { table } from '../table.js'
import { median } from './stats.js'

// How much longer twice as long may take: linear work takes twice as long, quadratic work four times.
const MOST_TIMES = 3
const LEAST_MICROS = 10_000
const TRIES = 5

/** How many characters are appended: as many as each header may have, and more, which is refused unread. */
const HEADERS = {
  authorization: [7000, 20_000],
  signature: [200, 5000],
  'signature-input': [800, 5000],
  'content-digest': [200, 5000],
}

/** What is appended to a header of a request: whatever a careless expression would go through again and again. */
const TAILS = {
  letters: (length) => 'A'.repeat(length),
  'spaces, then a letter': (length) => `${' '.repeat(length)}x`,
  'a parameter': (length) => `;a="${'x'.repeat(length)}"`,
  'quotes that are escaped': (length) => `;a="${'\\"'.repeat(length / 2)}`,
  'empty members': (length) => ', '.repeat(length / 2),
}
/**
 * How much more it costs to refuse a request if what is appended to a header is twice as long, in processor time, which
 * another process does not change much; the median of several tries.
 */
export async function growth(session) {
  const verify = requestVerifier({
    verifiers: ethereumVerifiers(),
    authority: 'api.example.com',
    domains: ['bench.example'],
    resources: false,
  })
  const body = { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } }
  const signed = await session.signRequest(new Request('https://api.example.com/notes', body))
  const refusal = (header, tail) => {
    const headers = new Headers(signed.headers)
    headers.set(header, `${headers.get(header)}${tail}`)
    return async () => {
      let isAccepted = true
      await verify(new Request(signed.url, { ...body, headers })).catch(() => {
        isAccepted = false
      })
      if (isAccepted) throw new Error(`a request with ${tail.slice(0, 20)}… in its ${header} was accepted`)
    }
  }
  const rows = []
  for (const [header, lengths] of Object.entries(HEADERS))
    for (const length of lengths)
      for (const [name, ofLength] of Object.entries(TAILS)) {
        const [once, twice] = [length, 2 * length].map((long) => refusal(header, ofLength(long)))
        const tries = []
        for (let i = 0; i < TRIES; i++) {
          const [before, after] = [await micros(once), await micros(twice)]
          tries.push({ before, after, times: after / before })
        }
        const middle = (side) => median(tries.map((one) => one[side]))
        const [before, after, times] = ['before', 'after', 'times'].map(middle)
        rows.push({ header, tail: name, length, before, after, times, isMet: times <= MOST_TIMES })
      }
  return rows
}

/** The processor time of one call. */
async function micros(work) {
  const start = process.cpuUsage()
  let [calls, used] = [0, 0]
  while (used < LEAST_MICROS) {
    await work()
    calls++
    const { user, system } = process.cpuUsage(start)
    used = user + system
  }
  return used / calls
}

/** The rows as text. */
export function growthReport(rows) {
  const head = ['µs of the processor to refuse', 'characters', 'once', 'twice as many', 'times', 'target']
  return table(
    head,
    rows.map(({ header, tail, length, before, after, times, isMet }) => [
      `${header} with ${tail}`,
      String(length),
      before.toFixed(0),
      after.toFixed(0),
      times.toFixed(1),
      `at most ${MOST_TIMES} times: ${isMet ? 'met' : 'NOT MET'}`,
    ]),
  )
}
