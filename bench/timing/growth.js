import { ethereumVerifiers } from 'cacao-session/ethereum'
import { requestVerifier } from 'cacao-session/verify'
import { table } from '../table.js'

const LENGTHS = [1000, 8000]
// Linear work grows as the length does, and quadratic work by its square; what is there anyway makes both less.
const MOST_TIMES = 2 * (LENGTHS[1] / LENGTHS[0])
const LEAST_MICROS = 20_000
const TRIES = 5

/** What is appended to a header of a request: whatever a careless expression would go through again and again. */
const TAILS = {
  'spaces, then a letter': (length) => `${' '.repeat(length)}x`,
  'a parameter': (length) => `;a="${'x'.repeat(length)}"`,
  'quotes that are escaped': (length) => `;a="${'\\"'.repeat(length / 2)}`,
  'empty members': (length) => ', '.repeat(length / 2),
}
const HEADERS = ['authorization', 'signature', 'signature-input', 'content-digest']

/**
 * How much more it costs to refuse a request whose headers are so many times as long, in processor time, which another
 * process does not change.
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
  const rows = []
  for (const header of HEADERS)
    for (const [tail, ofLength] of Object.entries(TAILS)) {
      const [short, long] = LENGTHS.map((length) => {
        const headers = new Headers(signed.headers)
        headers.set(header, `${headers.get(header)}${ofLength(length)}`)
        return () => verify(new Request(signed.url, { ...body, headers })).catch(() => undefined)
      })
      const [before, after] = [await leastMicros(short), await leastMicros(long)]
      rows.push({ name: `${header} with ${tail}`, before, after, times: after / before })
    }
  return rows
}

/** The least processor time of several times, for one call. */
async function leastMicros(work) {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < TRIES; i++) {
    const start = process.cpuUsage()
    let [calls, used] = [0, 0]
    while (used < LEAST_MICROS) {
      await work()
      calls++
      const { user, system } = process.cpuUsage(start)
      used = user + system
    }
    least = Math.min(least, used / calls)
  }
  return least
}

/** The rows as text. */
export function growthReport(rows) {
  const head = [
    'µs of the processor to refuse',
    ...LENGTHS.map((length) => `${length} characters`),
    'times',
    'target',
  ]
  return table(
    head,
    rows.map(({ name, before, after, times }) => [
      name,
      before.toFixed(0),
      after.toFixed(0),
      times.toFixed(1),
      `at most ${MOST_TIMES} times: ${times <= MOST_TIMES ? 'met' : 'NOT MET'}`,
    ]),
  )
}
