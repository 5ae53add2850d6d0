import { element } from './elements.js'
import { reasonOf, shorten } from './words.js'

// The headers that carry a signature; the rest is what every browser sends.
const SHOWN = ['content-digest', 'signature-input', 'signature', 'authorization']

/**
 * A request as it is sent, with its long headers shortened.
 * @param {Request} request
 * @param {string} [body]
 */
export function travelling({ method, url, headers }, body) {
  const { pathname } = new URL(url)
  const lines = SHOWN.flatMap((name) => {
    const value = headers.get(name)
    return value === null ? [] : [`${name}: ${shorten(value, 44, 8)}`]
  })
  return [`${method} ${pathname}`, ...lines, ...(body ? ['', body] : [])].join('\n')
}

/**
 * Shows what was sent, and how the server answered.
 * @param {HTMLElement} place
 * @param {string} travelled
 * @param {(Node | string)[]} conclusion
 * @param {boolean} isGood Whether the server answered as it should.
 */
export function showExchange(place, travelled, conclusion, isGood) {
  place.replaceChildren(
    element('p', { className: 'label' }, 'What travels'),
    element('pre', {}, travelled),
    element('p', { className: 'label' }, 'What the server concludes'),
    element('p', { className: `verdict ${isGood ? 'good' : 'bad'}` }, element('span', {}, ...conclusion)),
  )
}

/**
 * The reason for a refusal, as a message and as a code.
 * @param {{ code: string }} error
 */
export const refusal = (error) => [
  element('strong', {}, 'Refused:'),
  ` ${reasonOf(error)} `,
  element('span', { className: 'mono' }, error.code),
]
