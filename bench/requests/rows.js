/**
 * What is compared: `of` beside `by`. For times, less is better; for rates, more.
 */
const ROWS = [
  { of: 'verify GET', by: 'jose: bearer JWT', must: 1.2, aim: 1 },
  { of: 'verify GET', by: 'oauth4webapi: DPoP', must: 0.35, aim: 0.3 },
  { of: 'verify POST 1 kB', by: 'jose: bearer JWT', must: 1.6, aim: 1.3 },
  { of: 'verify GET, Ed25519', by: 'jose: bearer JWT' },
  { of: 'sign GET', by: 'dpop: proof', must: 1, aim: 0.8 },
  { of: 'sign POST 1 kB', by: 'dpop: proof' },
  { of: 'requireSession', by: 'hono/jwt ES256', must: 0.85, aim: 1, isRate: true },
  { of: 'requireSession', by: 'jose: bearer JWT, in Hono', isRate: true },
]

/**
 * The rows of a table: each ratio beside what it should be.
 *
 * @param {Map<string, number>} medians
 * @param {Map<string, number>} rates
 */
export function peerRows(medians, rates) {
  return ROWS.map(({ of, by, must, aim, isRate = false }) => {
    const from = isRate ? rates : medians
    const ratio = from.get(of) / from.get(by)
    const isMet = must === undefined || (isRate ? ratio >= must : ratio <= must)
    return [`${of} / ${by}`, ratio.toFixed(2), must ?? '', aim ?? '', isMet ? '' : 'missed'].map(String)
  })
}
